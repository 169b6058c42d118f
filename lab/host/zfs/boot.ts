import type { HostWorld } from "../world";
import { readCachefile } from "./cachefile";
import { candidates } from "./candidates";
import { mountAll } from "./datasets/mounting";
import { forgetMounts } from "./datasets/mounts";
import { importedPools } from "./pool";
import { setImported } from "./settings";
import { bringIn } from "./zpool/import";

/**
 * What zfs-import-cache and zfs-mount do at boot, after the disks are there.
 * Where a pool would be mounted that is not there are the boot disk's own
 * folders.
 */
export function bootZfs(world: HostWorld): void {
  forgetMounts(world);
  const cached = readCachefile(world);
  setImported(world, []);
  for (const found of candidates(world)) {
    if (!cached.includes(found.pool.guid)) continue;
    if (found.pool.state === "destroyed") continue;
    bringIn(world, found, {
      force: false,
      mount: false,
      properties: {},
    });
  }
  for (const pool of importedPools(world)) mountAll(world, pool);
}
