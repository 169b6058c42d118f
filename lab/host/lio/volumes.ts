import type { HostWorld } from "../world";
import { findDataset } from "../zfs";
import { isBackstore } from "./kernel";
import { Failure } from "./line";

const folder = "/dev/zvol/";

/** Whether a path leads to a volume of an imported pool: no other device is served here. */
export function isVolume(world: HostWorld, dev: string): boolean {
  const name = dev.startsWith(folder) ? dev.slice(folder.length) : "";
  return findDataset(world, name)?.dataset.type === "volume";
}

/** Throws as the library does when it is to open it for itself. */
export function mustOpen(world: HostWorld, dev: string): void {
  if (!isVolume(world, dev))
    throw new Failure(`Device ${dev} is not a TYPE_DISK block device`);
  if (isBackstore(world, dev))
    throw new Failure(
      `Cannot configure StorageObject because device ${dev} is already in use`,
    );
}
