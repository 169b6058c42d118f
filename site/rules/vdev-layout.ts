import { isVital, toleranceOf } from "../hardware/redundancy";
import type { Vdev } from "../manifest";
import type { Rule } from "./finding";

const fewest = { mirror: 2, raidz1: 2, raidz2: 3, raidz3: 4, stripe: 1 };

export const vdevLayout: Rule = {
  id: "vdev-layout",
  severity: "error",
  title: "ZFS makes the pool without being forced",
  fact: "zpool create refuses vdevs of unlike redundancy, raidz for special, dedup and log, and fewer disks than parity and one (zpool-create.8, zpoolconcepts.7); -f is never given.",
  check: ({ storage }) =>
    (storage?.pools ?? []).flatMap(({ name, vdevs }, index) => {
      const path = ["storage", "pools", index, "vdevs"];
      const first = vdevs.find((vdev) => vdev.class === undefined);
      const pool = `pool "${name}"`;
      if (first === undefined)
        return [{ message: `${pool} has no vdev for data`, path }];
      return vdevs.flatMap((vdev, at) =>
        wrong(vdev, first).map((what) => ({
          message: `${pool} has ${what}`,
          path: [...path, at],
        })),
      );
    }),
  remedy: "Make all vdevs for data alike, and those of other classes mirrors.",
};

function wrong(vdev: Vdev, first: Vdev): string[] {
  const { type, class: kind, disks } = vdev;
  const alike =
    type === first.type
      ? type === "stripe" || disks.length === first.disks.length
      : toleranceOf(vdev) === toleranceOf(first) && toleranceOf(first) > 0;
  return [
    ...(disks.length < fewest[type]
      ? [`a ${type} of ${disks.length}, which takes at least ${fewest[type]}`]
      : []),
    ...(kind === "cache" && type !== "stripe"
      ? [`a ${type} as cache, which has no redundancy`]
      : []),
    ...(kind !== undefined && kind !== "cache" && type.startsWith("raidz")
      ? [`a ${type} for class ${kind}`]
      : []),
    ...(isVital(vdev) && !alike
      ? [
          `a ${type} of ${disks.length} beside a ${first.type} of ${first.disks.length}, whose redundancy is another`,
        ]
      : []),
  ];
}
