import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { HostWorld } from "../world";
import type { Dataset } from "./datasets/dataset";
import { folderOf, mountedAt, mountsOf } from "./datasets/mounts";
import { assetBytes } from "./labels";
import type { Pool } from "./pool";
import type { Vdev } from "./tree";

/** What a pool takes for itself. */
const overheadBytes = 589_824;

/** As `zpool list` says it: of raidz with its parity. */
export function rawBytes(pool: Pool): number {
  return normal(pool).reduce((sum, top) => sum + spaceOf(top), 0);
}

/** Without parity: what datasets can have. */
export function usableBytes(pool: Pool): number {
  const whole = normal(pool).reduce((sum, top) => {
    const share =
      top.kind === "raidz"
        ? (top.children.length - (top.parity ?? 1)) / top.children.length
        : top.kind === "draid" && top.draid !== undefined
          ? top.draid.data / (top.draid.data + (top.parity ?? 1))
          : 1;
    return sum + Math.floor(spaceOf(top) * share);
  }, 0);
  const slop = Math.min(whole / 32, 128 * 1024 ** 3);
  return Math.floor(
    whole - Math.max(slop, Math.min(whole / 2, 128 * 1024 ** 2)),
  );
}

function normal(pool: Pool): Vdev[] {
  return pool.root.children.filter(({ bias }) => bias !== "log");
}

/** In whole metaslabs. */
export function spaceOf(top: Vdev): number {
  const bytes = assetBytes(top);
  const slab = bytes > 16 * 1024 ** 3 ? 1024 ** 3 : 16 * 1024 ** 2;
  return Math.floor(bytes / slab) * slab;
}

export function allocatedBytes(world: HostWorld, pool: Pool): number {
  return Object.values(pool.datasets).reduce(
    (sum, dataset) => sum + ownBytes(world, dataset),
    overheadBytes,
  );
}

export function mibOf(world: HostWorld, pool: Pool): number {
  return Math.max(1, Math.ceil(allocatedBytes(world, pool) / 1024 ** 2));
}

/** What a dataset itself has written, its files and its own records. */
export function ownBytes(world: HostWorld, dataset: Dataset): number {
  if (dataset.type === "snapshot") return 0;
  if (dataset.type === "volume") return 57_344;
  const target = mountedAt(world, dataset.guid);
  const folder =
    target === undefined ? folderOf(world, dataset.guid) : world.path(target);
  const others = mountsOf(world)
    .filter((mount) => mount.dataset !== dataset.guid)
    .map((mount) => world.path(mount.target));
  return 98_304 + treeBytes(folder, new Set(others));
}

function treeBytes(folder: string, others: ReadonlySet<string>): number {
  if (!existsSync(folder)) return 0;
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (others.has(path)) continue;
    if (entry.isDirectory()) sum += treeBytes(path, others);
    else if (entry.isFile())
      sum += Math.ceil(statSync(path).size / 4_096) * 4_096;
  }
  return sum;
}
