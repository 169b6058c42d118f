import { lstatSync, type Stats } from "node:fs";
import { posix } from "node:path";
import type { HostWorld } from "../world";

/** Who a file belongs to over there; the real one is ours. */
export interface Rights {
  owner: string;
  group: string;
  /** "0644" */
  mode: string;
}

type Table = Record<string, Rights>;

const byRoot = (stats: Stats): Rights => ({
  owner: "root",
  group: "root",
  mode: stats.isDirectory() ? "0755" : "0644",
});

export function lookAt(world: HostWorld, path: string): Stats | undefined {
  return lstatSync(world.path(path), { throwIfNoEntry: false });
}

export function rightsOf(world: HostWorld, path: string): Rights {
  const table = world.load<Table>("rights", {});
  const stats = lookAt(world, path);
  return table[posix.resolve("/", path)] ?? byRoot(stats as Stats);
}

export function setRights(
  world: HostWorld,
  path: string,
  rights: Partial<Rights> | undefined,
): void {
  const table = world.load<Table>("rights", {});
  const key = posix.resolve("/", path);
  if (rights === undefined) delete table[key];
  else table[key] = { ...rightsOf(world, path), ...rights };
  world.save("rights", table);
}

/** Anybody but root only below /tmp and at home. */
export function mayWrite(user: string, path: string): boolean {
  const place = posix.resolve("/", path);
  return (
    user === "root" ||
    place.startsWith("/tmp/") ||
    place.startsWith(`/home/${user}/`)
  );
}
