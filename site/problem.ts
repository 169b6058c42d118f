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

/** "networks[2].cidr (line 41)" */
export function formatPlace(
  path: readonly PropertyKey[],
  line: number | undefined,
): string {
  const place = formatPath(path);
  if (place === "") return line ? `line ${line}` : "the file";
  return `${place}${line ? ` (line ${line})` : ""}`;
}

export function formatProblem({ message, path, line }: Problem): string {
  return `x ${message}\n  at ${formatPlace(path, line)}`;
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
