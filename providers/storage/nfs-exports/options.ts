import { createHash } from "node:crypto";
import type { Entry } from "./model";

/** What a client may do with a path, as the server says it. */
export interface Options {
  access: "rw" | "ro";
  sync: boolean;
  squash: "root" | "none" | "all";
  sec: string;
  fsid: string;
  /** Empty: the path itself; undefined: exported whatever is there. */
  mountpoint?: string;
  subtreeCheck: boolean;
  anonUid: number;
  anonGid: number;
}

const nobody = 65_534;

/**
 * The same for a path whatever happens to the file system below it: what a
 * client holds stays good when the pool is imported elsewhere.
 */
export function fsidOf({ fsid, path }: Pick<Entry, "fsid" | "path">): string {
  if (fsid !== undefined) return fsid;
  const hash = createHash("sha256").update(`nfs ${path}`).digest("hex");
  return hash
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function optionsOf(entry: Entry): Options {
  const { access, path, mountpoint = path } = entry;
  return {
    access,
    sync: entry.sync ?? true,
    squash: entry.squash ?? "root",
    sec: (entry.sec ?? ["sys"]).join(":"),
    fsid: fsidOf(entry),
    mountpoint: mountpoint === path ? "" : mountpoint,
    subtreeCheck: entry.subtreeCheck ?? false,
    anonUid: entry.anonUid ?? nobody,
    anonGid: entry.anonGid ?? nobody,
  };
}

const squashes = {
  root: "root_squash",
  none: "no_root_squash",
  all: "all_squash",
};

/** `sec` last: what follows it would hold for its flavours only. */
export function format(options: Options): string {
  const { mountpoint, anonUid, anonGid } = options;
  return [
    options.access,
    options.sync ? "sync" : "async",
    squashes[options.squash],
    options.subtreeCheck ? "subtree_check" : "no_subtree_check",
    `fsid=${options.fsid}`,
    ...(mountpoint === undefined
      ? []
      : [mountpoint === "" ? "mountpoint" : `mountpoint=${mountpoint}`]),
    ...(anonUid === nobody ? [] : [`anonuid=${anonUid}`]),
    ...(anonGid === nobody ? [] : [`anongid=${anonGid}`]),
    `sec=${options.sec}`,
  ].join(",");
}

/** Of a file of ours, or of what `exportfs -s` prints. */
export function parseOptions(text: string): Options {
  const words = text.split(",");
  const has = (word: string) => words.includes(word);
  const value = (key: string) =>
    words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  return {
    access: has("rw") ? "rw" : "ro",
    sync: !has("async"),
    squash: squashOf(has),
    sec: value("sec") ?? "sys",
    fsid: value("fsid") ?? "",
    mountpoint: has("mountpoint") ? "" : value("mountpoint"),
    subtreeCheck: !has("no_subtree_check"),
    anonUid: Number(value("anonuid") ?? nobody),
    anonGid: Number(value("anongid") ?? nobody),
  };
}

function squashOf(has: (word: string) => boolean): Options["squash"] {
  if (has("all_squash")) return "all";
  return has("no_root_squash") ? "none" : "root";
}

/** `entry` with other options; what it leaves out and still stands stays left out. */
export function entryWith(
  entry: Entry,
  clients: string[],
  options: Options,
): Entry {
  const same = optionsOf(entry);
  const changed = <Key extends keyof Options, Value>(
    key: Key,
    own: Value,
    other: Value,
  ) => (options[key] === same[key] ? own : other);
  return {
    ...entry,
    clients,
    access: options.access,
    sync: changed("sync", entry.sync, options.sync),
    squash: changed("squash", entry.squash, options.squash),
    sec: changed("sec", entry.sec, options.sec.split(":") as Entry["sec"]),
    fsid: changed("fsid", entry.fsid, options.fsid || "0"),
    mountpoint: changed(
      "mountpoint",
      entry.mountpoint,
      options.mountpoint === undefined ? "/" : options.mountpoint || entry.path,
    ),
    subtreeCheck: changed(
      "subtreeCheck",
      entry.subtreeCheck,
      options.subtreeCheck,
    ),
    anonUid: changed("anonUid", entry.anonUid, options.anonUid),
    anonGid: changed("anonGid", entry.anonGid, options.anonGid),
  };
}
