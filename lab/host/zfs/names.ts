import type { Disks } from "./disks";
import type { Pool } from "./pool";
import { typeName, type Vdev } from "./tree";

export interface NameOptions {
  /** -g */
  guid?: boolean;
  /** -L */
  follow?: boolean;
  /** -P */
  path?: boolean;
}

/** As `zpool status` and its like name a vdev. */
export function vdevName(
  vdev: Vdev,
  id: number,
  options: NameOptions = {},
  disks?: Disks,
): string {
  if (options.guid || (vdev.notPresent && vdev.kind === "disk"))
    return vdev.guid;
  if (vdev.kind !== "disk") return `${typeName(vdev)}-${id}`;
  let path = vdev.path ?? "";
  if (options.follow) {
    const device = disks?.find(path);
    if (device !== undefined) path = `/dev/${device.name}`;
  }
  if (options.path) return path;
  const last = path.slice(path.lastIndexOf("/") + 1);
  return vdev.wholeDisk ? withoutPartition(last) : last;
}

/** "wwn-0x5000-part1" and "sda1" without the partition. */
export function withoutPartition(name: string): string {
  return name.replace(/-part\d+$/, "").replace(/^(sd[a-z]+)\d+$/, "$1");
}

/** Every vdev of a pool with its name, root first, spares and caches last. */
export function namedVdevs(
  pool: Pool,
  options: NameOptions = {},
  disks?: Disks,
): [string, Vdev][] {
  const found: [string, Vdev][] = [[pool.name, pool.root]];
  const walk = (vdev: Vdev) => {
    for (const [id, child] of vdev.children.entries()) {
      found.push([vdevName(child, id, options, disks), child]);
      walk(child);
    }
  };
  walk(pool.root);
  for (const [id, vdev] of [...pool.caches, ...pool.spares].entries())
    found.push([vdevName(vdev, id, options, disks), vdev]);
  return found;
}

/** By GUID, by a path or by a short name, as commands take it. */
export function findVdev(
  pool: Pool,
  word: string,
  disks: Disks,
): Vdev | undefined {
  const vdevs = namedVdevs(pool).slice(1);
  const named = vdevs.find(
    ([name, vdev]) =>
      name === word ||
      vdev.guid === word ||
      vdev.path === word ||
      (vdev.path !== undefined && withoutPartition(vdev.path) === word),
  );
  if (named !== undefined) return named[1];
  const device = disks.find(word.startsWith("/") ? word : `/dev/${word}`);
  if (device === undefined) return undefined;
  return vdevs.find(([, { path }]) => {
    const own = path === undefined ? undefined : disks.find(path);
    return (
      own !== undefined &&
      (own.name === device.name || own.slaves.includes(device.name))
    );
  })?.[1];
}
