import { reservedIn, roomOf } from "../storage";
import type { Rule } from "./finding";

const gibibyte = 2 ** 30;

export const poolReservation: Rule = {
  id: "pool-reservation",
  severity: "error",
  title: "Reservations and volumes fit into their pool",
  fact: 'ZFS refuses a reservation that "is greater than available space" (libzfs, zfs_setprop_error), and reserves a volume\'s size when it is made (zfs-create.8).',
  check: (site) => {
    const { pools = [], datasets = [] } = site.storage ?? {};
    return pools.flatMap((pool, index) => {
      const room = roomOf(site, pool);
      const reserved = reservedIn(datasets, pool.name);
      return room === undefined || reserved <= room
        ? []
        : [
            {
              message: `reservations and volumes of pool "${pool.name}" take ${Math.ceil(reserved / gibibyte)} GiB, and it has ${Math.floor(room / gibibyte)} GiB at most`,
              path: ["storage", "pools", index],
            },
          ];
    });
  },
  remedy: "Make them smaller, or put some into another pool.",
};
