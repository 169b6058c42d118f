import {
  type Errors,
  errorsOf,
  type Pool,
  type Scan,
  type Vdev,
  type VdevClass,
} from "./pool";

/** Where `zpool status` writes the vdevs of a class. */
const sections: Record<string, VdevClass | "spares"> = {
  special: "special",
  dedup: "dedup",
  logs: "log",
  cache: "cache",
  spares: "spares",
};

interface Line {
  depth: number;
  name: string;
  state: string;
  was?: string;
  errors?: Errors;
}

/**
 * For a ZFS that has no JSON: `paths` of `zpool status -pP`, `guids` of
 * `zpool status -pg`, which differ in the names alone, and `guid` by pool.
 */
export function parseStatusText(
  paths: string,
  guids: string,
  guid: ReadonlyMap<string, string>,
): Pool[] {
  const other = new Map(
    split(guids).map((text) => [field(text, "pool"), text]),
  );
  return split(paths).map((text) => {
    const name = field(text, "pool") ?? "";
    const ids = linesOf(other.get(name) ?? "");
    const lines = linesOf(text).map((line, index) => ({
      ...line,
      guid: ids[index]?.name ?? "",
    }));
    const top: Pool["top"] = {
      data: [],
      special: [],
      dedup: [],
      log: [],
      cache: [],
    };
    const spares: Vdev[] = [];
    const open: { depth: number; children: Vdev[] }[] = [];
    for (const [index, line] of lines.entries()) {
      const section = line.depth === 0 ? sections[line.name] : undefined;
      if (line.depth === 0) {
        const isRoot = index === 0;
        const children =
          section === "spares"
            ? spares
            : top[isRoot || section === undefined ? "data" : section];
        open.splice(0, open.length, { depth: 0, children });
        continue;
      }
      while ((open.at(-1)?.depth ?? 0) >= line.depth) open.pop();
      const made = vdevOf(line);
      open.at(-1)?.children.push(made);
      open.push({ depth: line.depth, children: made.children });
    }
    return {
      name,
      guid: guid.get(name) ?? "",
      health: field(text, "state") ?? "UNKNOWN",
      status: field(text, "status"),
      top,
      spares,
      scan: scanOf(text),
    };
  });
}

function split(text: string): string[] {
  return text.split(/^(?= *pool: )/m).filter((part) => /^ *pool: /.test(part));
}

/** A field and the lines that go on with it, which a tab begins. */
function field(text: string, key: string): string | undefined {
  const found = new RegExp(`^ *${key}: (.*(?:\\n\\t.*)*)`, "m").exec(text);
  return found?.[1]?.replaceAll(/\s+/g, " ").trim();
}

function linesOf(text: string): Line[] {
  const [, config = ""] =
    /^config:\n\n([\s\S]*?)(?:\n\n|$(?![\s\S]))/m.exec(text) ?? [];
  return config
    .split("\n")
    .filter((line) => line.startsWith("\t") && !/^\tNAME\s/.test(line))
    .map((line) => {
      const [, indent = "", name = "", rest = ""] =
        /^\t( *)(\S+)(.*)$/.exec(line) ?? [];
      const [, state = "-", ...counts] =
        /^\s+([A-Z_]+)(?:\s+(\d+)\s+(\d+)\s+(\d+))?/.exec(rest) ?? [];
      const [read, write, checksum] = counts;
      const [, was] = /\bwas (\S+)/.exec(rest) ?? [];
      const errors = errorsOf(read, write, checksum);
      return { depth: indent.length, name, state, was, errors };
    });
}

function vdevOf({
  name,
  state,
  was,
  errors,
  guid,
}: Line & { guid: string }): Vdev {
  const path = was ?? (name.startsWith("/") ? name : undefined);
  return {
    name: path && !was ? lastPart(path) : name,
    type: path || /^\d+$/.test(name) ? "disk" : name.replace(/-\d+$/, ""),
    guid,
    path,
    state,
    ...(errors && { errors }),
    children: [],
  };
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/-part1$/, "");
}

function scanOf(text: string): Scan {
  const expand = field(text, "expand") ?? "";
  if (expand.includes("in progress")) {
    return { running: "expansion", done: doneOf(expand) };
  }
  const scan = field(text, "scan") ?? "none requested";
  const [, what] = /^(resilver|scrub)/.exec(scan) ?? [];
  if (what === undefined) return {};
  if (/in progress/.test(scan)) return { running: what, done: doneOf(scan) };
  const [, errors = "0"] = /with (\d+) errors/.exec(scan) ?? [];
  const ended = /cancel/.test(scan) ? "canceled" : "finished";
  return { last: `${what} ${ended} with ${errors} errors` };
}

function doneOf(text: string): number | undefined {
  const [, done] = /([\d.]+)% done/.exec(text) ?? [];
  return done === undefined ? undefined : Math.floor(Number(done));
}
