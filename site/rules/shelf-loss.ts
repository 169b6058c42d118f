import { isVital, toleranceOf } from "../hardware/redundancy";
import { lostWith } from "../hardware/sas";
import type { Rule } from "./finding";

export const shelfLoss: Rule = {
  id: "shelf-loss",
  severity: "error",
  title: "A pool outlives each of its shelves, or says why not",
  fact: "A pool is gone when one of its vdevs, also a special one, has lost more disks than it can spare (zpoolconcepts.7); a shelf has one backplane, and takes along what is reached through it alone.",
  check: ({ hardware, storage }) =>
    (storage?.pools ?? []).flatMap((pool, index) => {
      if (pool.lostWithShelf !== undefined) return [];
      return pool.vdevs.flatMap((vdev, at) => {
        const spare = toleranceOf(vdev);
        if (!isVital(vdev)) return [];
        return hardware.shelves.flatMap(({ name }) => {
          const lost = lostWith(hardware, name);
          const here = vdev.disks.filter(({ holder }) => lost.includes(holder));
          const behind = lost.slice(1).map((shelf) => `"${shelf}"`);
          const also =
            behind.length > 0 ? ` and ${behind.join(", ")} behind it` : "";
          return here.length <= spare
            ? []
            : [
                {
                  message: `pool "${pool.name}" is lost with shelf "${name}"${also}: ${here.length} disks of a ${vdev.type} are there, and it can spare ${spare}`,
                  path: ["storage", "pools", index, "vdevs", at],
                },
              ];
        });
      });
    }),
  remedy:
    "Spread the vdev over more shelves, or say in lostWithShelf why it may be lost.",
};
