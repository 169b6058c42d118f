import { disksOf, placeOf } from "../hardware/disks";
import type { Rule } from "./finding";

const widest = 12;

export const vdevWidth: Rule = {
  id: "vdev-width",
  severity: "warning",
  title: "Vdevs are of a width and of disks that serve them well",
  fact: "A raidz reads every disk of it for a block, and all of them to replace one; of unlike disks it uses as much as the smallest has; sectors of 4 KiB on ashift 9 are written twice, for good (zpoolconcepts.7, zpoolprops.7, OpenZFS's Workload Tuning).",
  check: (site) => {
    const all = disksOf(site);
    return (site.storage?.pools ?? []).flatMap(
      ({ name, vdevs, ashift }, index) => {
        const path = ["storage", "pools", index];
        return [
          ...(ashift < 12 || ashift > 13
            ? [
                {
                  message: `pool "${name}" has ashift ${ashift}`,
                  path: [...path, "ashift"],
                },
              ]
            : []),
          ...vdevs.flatMap(({ type, disks }, at) => {
            const here = [...path, "vdevs", at, "disks"];
            const found = disks.flatMap(
              (place) => all.get(placeOf(place)) ?? [],
            );
            const sizes = found.map(({ size }) => size);
            const media = new Set(found.map(({ medium }) => medium));
            return [
              ...(type.startsWith("raidz") && disks.length > widest
                ? [
                    {
                      message: `pool "${name}" has a ${type} of ${disks.length} disks`,
                      path: here,
                    },
                  ]
                : []),
              ...(type !== "stripe" &&
              (media.size > 1 || new Set(sizes).size > 1)
                ? [
                    {
                      message: `pool "${name}" has a ${type} of unlike disks`,
                      path: here,
                    },
                  ]
                : []),
            ];
          }),
        ];
      },
    );
  },
  remedy: `Take ashift 12, disks of one size, and raidz of at most ${widest}.`,
};
