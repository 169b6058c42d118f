import type { HostWorld } from "../../world";
import type { Pool } from "../pool";
import { newGuid } from "../settings";

export interface Dataset {
  guid: string;
  type: "filesystem" | "volume" | "snapshot";
  /** Seconds. */
  creation: number;
  createtxg: number;
  /** What was set here, user properties among them. */
  local: Record<string, string>;
  received: Record<string, string>;
  /** What can only be given at the creation. */
  fixed: Record<string, string>;
  /** Of a snapshot: what the dataset was then. */
  frozen?: Record<string, string>;
}

/** "tank/vm@daily": its pool and its path below it. */
export function splitName(name: string): [pool: string, path: string] {
  const at = name.search(/[/@]/);
  if (at < 0) return [name, ""];
  const rest = name.slice(at);
  return [name.slice(0, at), rest.startsWith("/") ? rest.slice(1) : rest];
}

export function fullName(pool: Pool, path: string): string {
  if (path === "") return pool.name;
  return path.startsWith("@") ? `${pool.name}${path}` : `${pool.name}/${path}`;
}

/** "a" of "a/b" and of "a@daily", "" of "a"; of the pool's own none. */
export function parentPath(path: string): string | undefined {
  if (path === "") return undefined;
  const snapshot = path.indexOf("@");
  if (snapshot >= 0) return path.slice(0, snapshot);
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}

/** Those below it, snapshots of its own among them, in the order of names. */
export function below(pool: Pool, path: string): string[] {
  return Object.keys(pool.datasets)
    .filter(
      (other) =>
        other !== path &&
        (path === "" ||
          other.startsWith(`${path}/`) ||
          other.startsWith(`${path}@`)),
    )
    .sort(byName);
}

/** A dataset before its snapshots, and those before its children. */
export function byName(a: string, b: string): number {
  const [left, right] = [a, b].map((path) =>
    path.replace("@", "/\0").split("/"),
  );
  for (let at = 0; ; at++) {
    const [one, other] = [left?.[at], right?.[at]];
    if (one === other) {
      if (one === undefined) return 0;
      continue;
    }
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    return one < other ? -1 : 1;
  }
}

export function newDataset(
  world: HostWorld,
  pool: Pool,
  type: Dataset["type"],
): Dataset {
  return {
    guid: newGuid(world),
    type,
    creation: Math.floor(Date.now() / 1_000),
    createtxg: pool.txg,
    local: {},
    received: {},
    fixed: {},
  };
}
