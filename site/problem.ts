/** Something wrong at a place of the manifest. */
export interface Problem {
  message: string;
  path: readonly PropertyKey[];
  line?: number;
}

/** "networks[2].cidr" */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

export function formatProblem({ message, path, line }: Problem): string {
  const place = formatPath(path) || "the file";
  return `x ${message}\n  at ${place}${line ? ` (line ${line})` : ""}`;
}

/** Everything that is wrong with a manifest, at once. */
export class ManifestError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    const count = problems.length;
    super(
      `${file}: ${count} problem${count === 1 ? "" : "s"}\n${problems.map(formatProblem).join("\n")}`,
    );
    this.name = "ManifestError";
    this.stack = "";
  }
}
