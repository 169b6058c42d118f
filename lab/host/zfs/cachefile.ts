import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { decodeXdr, encodeXdr, type NvList } from "../disks/labels";
import type { HostWorld } from "../world";
import { labelFor } from "./labels";
import { importedPools, type Pool } from "./pool";

export const defaultCachefile = "/etc/zfs/zpool.cache";

/**
 * What is imported now, and only that: a pool that was absent at boot falls
 * out as soon as another one is imported or exported.
 */
export function writeCachefile(world: HostWorld): void {
  const pools = importedPools(world).filter(
    ({ altroot, cachefile }) =>
      (cachefile ?? (altroot === undefined ? defaultCachefile : "none")) ===
      defaultCachefile,
  );
  const path = world.path(defaultCachefile);
  const list: NvList = {};
  if (pools.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  for (const pool of pools) list[pool.name] = configuration(pool);
  writeFileSync(path, encodeXdr(list));
}

function configuration(pool: Pool): NvList {
  const tops = pool.root.children.map((top) => {
    const { vdev_tree } = labelFor(pool, top, top);
    return vdev_tree as NvList;
  });
  return {
    version: 5000n,
    name: pool.name,
    state: 0n,
    txg: BigInt(pool.txg),
    pool_guid: BigInt(pool.guid),
    hostid: BigInt(`0x${pool.hostid}`),
    hostname: pool.hostname,
    vdev_children: BigInt(tops.length),
    vdev_tree: {
      type: "root",
      id: 0n,
      guid: BigInt(pool.guid),
      children: tops,
    },
  };
}

/** GUIDs of the pools in a cache file. */
export function readCachefile(
  world: HostWorld,
  path = defaultCachefile,
): string[] {
  const file = world.path(path);
  if (!existsSync(file)) return [];
  const list = decodeXdr(readFileSync(file)) ?? {};
  return Object.values(list)
    .map((pool) =>
      typeof pool === "object" && !Array.isArray(pool)
        ? pool.pool_guid
        : undefined,
    )
    .filter((guid) => typeof guid === "bigint")
    .map((guid) => `${guid}`);
}
