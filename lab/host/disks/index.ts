import type { HostWorld } from "../world";
import { assemble, startMultipath, unit } from "./multipath/maps";
import type { DisksSpec } from "./spec";
import { change, dealNames, imageOf, initial, load } from "./state";
import { settle } from "./udev";

export { type Content, fillDisk } from "./contents";
export { type Device, type Devices, KernelError } from "./device";
export { disksOf } from "./disks";
export {
  bendDisk,
  type DiskFault,
  diskFaultKinds,
  insertDisk,
  losePath,
  pullDisk,
  restorePath,
} from "./faults";
export { installMultipath } from "./multipath/maps";
export { type DiskSpec, type DisksSpec, wwidOf } from "./spec";
export { multipathTools, tools } from "./tools";
export { settle } from "./udev";

/** Puts disks into a new machine, blank; what it has already stays as it is. */
export function installDisks(world: HostWorld, spec: DisksSpec): void {
  change(world, initial(spec));
  for (const disk of load(world).disks) imageOf(world, disk);
}

/** What kernel and udev do at each boot, before any service. */
export function bootDisks(world: HostWorld): void {
  dealNames(world);
  startMultipath(world);
  settle(world);
}

/** Of every disk by its serial; equal only when no byte was changed. */
export function fingerprint(world: HostWorld): Record<string, string> {
  return Object.fromEntries(
    load(world).disks.map((spec) => [
      spec.serial,
      imageOf(world, spec).fingerprint(),
    ]),
  );
}

const assembleMaps = (world: HostWorld): void => {
  assemble(world);
  settle(world);
};

/** What the units of these packages do when they start or reload. */
export const units = {
  [unit]: { start: assembleMaps, reload: assembleMaps },
};
