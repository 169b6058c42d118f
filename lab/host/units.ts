import { assemble, unit as multipathd } from "./disks/multipath/maps";
import { settle } from "./disks/udev";
import type { HostWorld } from "./world";

/** What a unit does to its machine when systemctl has started or reloaded it. */
export const unitEffects: Readonly<
  Record<string, (world: HostWorld, verb: string) => void>
> = {
  [multipathd]: (world) => {
    assemble(world);
    settle(world);
  },
};
