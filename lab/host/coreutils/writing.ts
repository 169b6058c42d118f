import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { posix } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Call, Tool } from "../tool";
import { lookAt, mayWrite, rightsOf, setRights } from "./files";
import { gnu, named } from "./gnu";

function say(call: Call, text: string): number {
  call.stderr.write(`${text}\n`);
  return 1;
}

const install: Tool = async (call) => {
  const parsed = gnu(call, "install", {
    owner: { type: "string", short: "o" },
    group: { type: "string", short: "g" },
    mode: { type: "string", short: "m" },
    directory: { type: "boolean", short: "d" },
    "no-target-directory": { type: "boolean", short: "T" },
  });
  if (parsed === undefined) return 1;
  const { flags, operands } = parsed;
  const rights = {
    owner: `${flags.owner ?? call.user}`,
    group: `${flags.group ?? call.user}`,
    mode: `${flags.mode ?? "755"}`.padStart(4, "0"),
  };
  if (flags.directory) {
    for (const path of operands) {
      if (!mayWrite(call.user, path))
        return say(
          call,
          `install: cannot create directory ${named(path)}: Permission denied`,
        );
      mkdirSync(call.world.path(path), { recursive: true });
      setRights(call.world, path, rights);
    }
    return 0;
  }
  const [source, target, ...more] = operands;
  if (source === undefined || target === undefined || more.length > 0)
    return say(call, "install: missing file operand");
  const folder = posix.dirname(target);
  if (!existsSync(call.world.path(folder)))
    return say(
      call,
      `install: cannot create regular file ${named(target)}: No such file or directory`,
    );
  if (!mayWrite(call.user, target))
    return say(
      call,
      `install: cannot create regular file ${named(target)}: Permission denied`,
    );
  const data =
    source === "/dev/stdin"
      ? await buffer(call.stdin)
      : source === "/dev/null"
        ? Buffer.alloc(0)
        : lookAt(call.world, source) && readFileSync(call.world.path(source));
  if (data === undefined)
    return say(
      call,
      `install: cannot stat ${named(source)}: No such file or directory`,
    );
  // The connection went in the middle of what was sent.
  if (call.signal.aborted) return 1;
  writeFileSync(call.world.path(target), data, { mode: 0o600 });
  setRights(call.world, target, rights);
  return 0;
};

const sync: Tool = (call) => {
  const parsed = gnu(call, "sync", {});
  if (parsed === undefined) return 1;
  const gone = parsed.operands.filter((path) => !lookAt(call.world, path));
  for (const path of gone)
    say(call, `sync: error opening ${named(path)}: No such file or directory`);
  return gone.length > 0 ? 1 : 0;
};

const mv: Tool = (call) => {
  const parsed = gnu(call, "mv", {
    "no-target-directory": { type: "boolean", short: "T" },
    force: { type: "boolean", short: "f" },
  });
  if (parsed === undefined) return 1;
  const [source = "", target = ""] = parsed.operands;
  if (!lookAt(call.world, source))
    return say(
      call,
      `mv: cannot stat ${named(source)}: No such file or directory`,
    );
  const there = lookAt(call.world, target);
  if (there?.isDirectory() && !lookAt(call.world, source)?.isDirectory())
    return say(
      call,
      `mv: cannot overwrite directory ${named(target)} with non-directory`,
    );
  if (!mayWrite(call.user, target) || !mayWrite(call.user, source))
    return say(
      call,
      `mv: cannot move ${named(source)} to ${named(target)}: Permission denied`,
    );
  const rights = rightsOf(call.world, source);
  renameSync(call.world.path(source), call.world.path(target));
  setRights(call.world, source, undefined);
  setRights(call.world, target, rights);
  return 0;
};

const rm: Tool = (call) => {
  const parsed = gnu(call, "rm", {
    force: { type: "boolean", short: "f" },
    recursive: { type: "boolean", short: "r" },
  });
  if (parsed === undefined) return 1;
  const { force, recursive } = parsed.flags;
  let code = 0;
  for (const path of parsed.operands) {
    const stats = lookAt(call.world, path);
    const why = !stats
      ? "No such file or directory"
      : stats.isDirectory() && !recursive
        ? "Is a directory"
        : mayWrite(call.user, path)
          ? undefined
          : "Permission denied";
    if (!stats && force) continue;
    if (why) {
      code = say(call, `rm: cannot remove ${named(path)}: ${why}`);
      continue;
    }
    rmSync(call.world.path(path), { recursive: true });
    setRights(call.world, path, undefined);
  }
  return code;
};

const mkdir: Tool = (call) => {
  const parsed = gnu(call, "mkdir", {
    parents: { type: "boolean", short: "p" },
    mode: { type: "string", short: "m" },
  });
  if (parsed === undefined) return 1;
  const { parents, mode } = parsed.flags;
  for (const path of parsed.operands) {
    const why = !mayWrite(call.user, path)
      ? "Permission denied"
      : existsSync(call.world.path(path)) && !parents
        ? "File exists"
        : !existsSync(call.world.path(posix.dirname(path))) && !parents
          ? "No such file or directory"
          : undefined;
    if (why)
      return say(call, `mkdir: cannot create directory ${named(path)}: ${why}`);
    if (existsSync(call.world.path(path))) continue;
    mkdirSync(call.world.path(path), { recursive: true });
    if (mode) setRights(call.world, path, { mode: `${mode}`.padStart(4, "0") });
  }
  return 0;
};

const rmdir: Tool = (call) => {
  const parsed = gnu(call, "rmdir", {});
  if (parsed === undefined) return 1;
  for (const path of parsed.operands) {
    try {
      if (!lookAt(call.world, path)?.isDirectory()) throw new Error();
      rmdirSync(call.world.path(path));
    } catch {
      return say(
        call,
        `rmdir: failed to remove ${named(path)}: Directory not empty`,
      );
    }
  }
  return 0;
};

const chmod: Tool = (call) => {
  const parsed = gnu(call, "chmod", {});
  if (parsed === undefined) return 1;
  const [mode = "", ...paths] = parsed.operands;
  if (!/^[0-7]{3,4}$/.test(mode))
    return say(call, `chmod: invalid mode: ${named(mode)}`);
  for (const path of paths) {
    if (!lookAt(call.world, path))
      return say(
        call,
        `chmod: cannot access ${named(path)}: No such file or directory`,
      );
    setRights(call.world, path, { mode: mode.padStart(4, "0") });
  }
  return 0;
};

const chown: Tool = (call) => {
  const parsed = gnu(call, "chown", {});
  if (parsed === undefined) return 1;
  const [who = "", ...paths] = parsed.operands;
  const [owner = "", group] = who.split(":");
  for (const path of paths) {
    if (!lookAt(call.world, path))
      return say(
        call,
        `chown: cannot access ${named(path)}: No such file or directory`,
      );
    if (call.user !== "root")
      return say(
        call,
        `chown: changing ownership of ${named(path)}: Operation not permitted`,
      );
    setRights(call.world, path, { owner, ...(group ? { group } : {}) });
  }
  return 0;
};

export const tools = { install, sync, mv, rm, mkdir, rmdir, chmod, chown };
