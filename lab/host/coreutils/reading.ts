import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { basename, posix, relative } from "node:path";
import type { Call, Tool } from "../tool";
import { lookAt, mayWrite, rightsOf } from "./files";
import { gnu, named } from "./gnu";

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symbolic link";
  if (stats.isFile())
    return stats.size === 0 ? "regular empty file" : "regular file";
  return "weird file";
}

const escapes: Record<string, string> = { "0": "\0", n: "\n", t: "\t" };

const stat: Tool = (call) => {
  const parsed = gnu(call, "stat", {
    format: { type: "string", short: "c" },
    printf: { type: "string" },
  });
  if (parsed === undefined) return 1;
  let code = 0;
  for (const path of parsed.operands) {
    const stats = lookAt(call.world, path);
    if (stats === undefined) {
      call.stderr.write(
        `stat: cannot statx ${named(path)}: No such file or directory\n`,
      );
      code = 1;
      continue;
    }
    const { owner, group, mode } = rightsOf(call.world, path);
    const values: Record<string, string> = {
      "%F": kindOf(stats),
      "%U": owner,
      "%G": group,
      "%a": mode.replace(/^0+(?=.)/, ""),
      "%s": `${stats.size}`,
      "%n": path,
      "%Y": `${Math.floor(stats.mtimeMs / 1_000)}`,
      "%%": "%",
    };
    const { printf, format = "%n" } = parsed.flags;
    // Only there escapes mean something, and no line ends by itself.
    const text =
      printf === undefined
        ? `${format}\n`
        : `${printf}`.replace(
            /\\(.)/g,
            (_all, key: string) => escapes[key] ?? key,
          );
    call.stdout.write(
      text.replace(/%(?:\.(\d))?(.)/g, (_all, digits, key: string) =>
        digits === undefined || key !== "Y"
          ? (values[`%${key}`] ?? "?")
          : (stats.mtimeMs / 1_000).toFixed(Number(digits)),
      ),
    );
  }
  return code;
};

/** What is read, or undefined when that has been said to be impossible. */
function content(call: Call, tool: string, path: string): Buffer | undefined {
  const stats = lookAt(call.world, path);
  const fail = (why: string) => {
    call.stderr.write(`${tool}: ${path}: ${why}\n`);
    return undefined;
  };
  if (stats === undefined) return fail("No such file or directory");
  if (stats.isDirectory()) return fail("Is a directory");
  const { mode } = rightsOf(call.world, path);
  const isOpen = Number.parseInt(mode.slice(-1), 8) >= 4;
  if (!isOpen && !mayWrite(call.user, path)) return fail("Permission denied");
  return readFileSync(call.world.path(path));
}

const cat: Tool = async (call) => {
  const parsed = gnu(call, "cat", {});
  if (parsed === undefined) return 1;
  if (parsed.operands.length === 0) {
    for await (const chunk of call.stdin) call.stdout.write(chunk as Buffer);
    return 0;
  }
  let code = 0;
  for (const path of parsed.operands) {
    const data = content(call, "cat", path);
    if (data === undefined) code = 1;
    else call.stdout.write(data);
  }
  return code;
};

const sha256sum: Tool = (call) => {
  const parsed = gnu(call, "sha256sum", {
    zero: { type: "boolean", short: "z" },
  });
  if (parsed === undefined) return 1;
  let code = 0;
  for (const path of parsed.operands) {
    const data = content(call, "sha256sum", path);
    if (data === undefined) {
      code = 1;
      continue;
    }
    const hash = createHash("sha256").update(data).digest("hex");
    call.stdout.write(`${hash}  ${path}${parsed.flags.zero ? "\0" : "\n"}`);
  }
  return code;
};

const ls: Tool = (call) => {
  const parsed = gnu(call, "ls", {
    "almost-all": { type: "boolean", short: "A" },
    zero: { type: "boolean" },
    "1": { type: "boolean", short: "1" },
  });
  if (parsed === undefined) return 2;
  const [path = "."] = parsed.operands;
  const stats = lookAt(call.world, path);
  if (stats === undefined) {
    call.stderr.write(
      `ls: cannot access ${named(path)}: No such file or directory\n`,
    );
    return 2;
  }
  const names = stats.isDirectory()
    ? readdirSync(call.world.path(path)).sort()
    : [path];
  const end = parsed.flags.zero ? "\0" : "\n";
  for (const name of names)
    if (parsed.flags["almost-all"] || !name.startsWith("."))
      call.stdout.write(`${name}${end}`);
  return 0;
};

const readlink: Tool = (call) => {
  const parsed = gnu(call, "readlink", {
    canonicalize: { type: "boolean", short: "f" },
    "canonicalize-existing": { type: "boolean", short: "e" },
    "no-newline": { type: "boolean", short: "n" },
  });
  if (parsed === undefined) return 1;
  const root = realpathSync(call.world.root);
  const real = (path: string) =>
    `/${relative(root, realpathSync(call.world.path(path)))}`;
  let code = 0;
  for (const path of parsed.operands) {
    const found =
      attempt(() => real(path)) ??
      // Its last part need not be there.
      (parsed.flags.canonicalize
        ? attempt(() => posix.join(real(posix.dirname(path)), basename(path)))
        : undefined);
    if (found === undefined) code = 1;
    else call.stdout.write(`${found}${parsed.flags["no-newline"] ? "" : "\n"}`);
  }
  return code;
};

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

export const tools = { stat, cat, sha256sum, ls, readlink };
