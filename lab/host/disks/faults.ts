import type { HostWorld } from "../world";
import { changeFaults, dealMissing, load } from "./state";
import { settle } from "./udev";

/** Out of its slot: its names vanish, and reads that were on the way get EIO. */
export function pullDisk(world: HostWorld, disk: string): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.pulled = [...new Set([...faults.pulled, ...serials])];
  });
  dealMissing(world);
  settle(world);
}

/** Back in its slot: under the first names that are free. */
export function insertDisk(world: HostWorld, disk: string): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.pulled = faults.pulled.filter((has) => !serials.includes(has));
  });
  dealMissing(world);
  settle(world);
}

/** Path 0 or 1 goes: its device stays, offline, and reads from it get EIO. */
export function losePath(world: HostWorld, disk: string, path: number): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    for (const serial of serials) faults.offline.push({ serial, path });
  });
  settle(world);
}

export function restorePath(
  world: HostWorld,
  disk: string,
  path: number,
): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.offline = faults.offline.filter(
      (lost) => lost.path !== path || !serials.includes(lost.serial),
    );
  });
  settle(world);
}

/** All with this serial number or WWN. */
function serialsOf(world: HostWorld, disk: string): string[] {
  const serials = load(world)
    .disks.filter(({ serial, wwn }) => serial === disk || wwn === disk)
    .map(({ serial }) => serial);
  if (serials.length === 0)
    throw new Error(`No disk ${disk} is in ${world.name}.`);
  return serials;
}
