import { placeOf } from "../hardware/disks";
import type { Site } from "../manifest";
import type { DiskPlace } from "../schema/disks";
import type { Rule } from "./finding";

export const poolDisks: Rule = {
  id: "pool-disks",
  severity: "error",
  title: "A disk has one use",
  fact: '"Using the same device in two pools will result in pool corruption" (zpool-create.8).',
  check: (site) => {
    const holders = new Map<string, string>();
    return usesOf(site).flatMap(({ place, by, path }) => {
      const disk = placeOf(place);
      const holder = holders.get(disk);
      holders.set(disk, by);
      return holder === undefined
        ? []
        : [
            {
              message:
                holder === by
                  ? `disk ${disk} is in ${by} twice`
                  : `disk ${disk} is in ${holder}, and in ${by}`,
              path,
            },
          ];
    });
  },
  remedy: "Give each its own disks.",
};

interface Use {
  place: DiskPlace;
  by: string;
  path: readonly PropertyKey[];
}

function usesOf({ hardware, storage }: Site): Use[] {
  const uses = (
    places: readonly DiskPlace[],
    by: string,
    ...path: PropertyKey[]
  ) => places.map((place, at) => ({ place, by, path: [...path, at] }));
  return [
    ...hardware.hosts.flatMap(({ name, boot }, index) =>
      uses(
        (boot?.disks ?? []).map((disk) => ({ holder: name, name: disk })),
        `the boot disks of host "${name}"`,
        "hardware",
        "hosts",
        index,
        "boot",
        "disks",
      ),
    ),
    ...(storage?.pools ?? []).flatMap(({ name, vdevs, spares }, index) => {
      const path = ["storage", "pools", index];
      const by = `pool "${name}"`;
      return [
        ...vdevs.flatMap(({ disks }, at) =>
          uses(disks, by, ...path, "vdevs", at, "disks"),
        ),
        ...uses(spares, by, ...path, "spares"),
      ];
    }),
    ...(storage?.storageSpaces ?? []).flatMap(({ name, disks }, index) =>
      uses(
        disks,
        `storage space "${name}"`,
        "storage",
        "storageSpaces",
        index,
        "disks",
      ),
    ),
  ];
}
