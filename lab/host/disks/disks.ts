import type { HostWorld } from "../world";
import { BlockDevices } from "./devices";
import { settle } from "./udev";

/** What tools ask of the machine's disks, as they are at this moment. */
export function disksOf(world: HostWorld): BlockDevices {
  return new BlockDevices(world, () => settle(world));
}
