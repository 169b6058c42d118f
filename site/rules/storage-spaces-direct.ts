import { disksOf, placeOf } from "../hardware/disks";
import type { Rule } from "./finding";

export const storageSpacesDirect: Rule = {
  id: "storage-spaces-direct",
  severity: "error",
  title: "Storage Spaces Direct spans servers, with one path to each disk",
  fact: 'Microsoft asks a "minimum of two servers" and does not support "any form of multi-path IO (MPIO) where drives are accessible by multiple paths" (Storage Spaces Direct hardware requirements).',
  check: (site) => {
    const all = disksOf(site);
    return (site.storage?.storageSpaces ?? []).flatMap(
      ({ name, kind, hosts, disks }, index) => {
        if (kind !== "direct") return [];
        const path = ["storage", "storageSpaces", index];
        const shelves = disks.flatMap((place) => {
          const disk = all.get(placeOf(place));
          return disk?.paths === 2 && disk.shelf ? [disk.shelf] : [];
        });
        const twofold = [...new Set(shelves)].map((shelf) => `"${shelf}"`);
        return [
          ...(new Set(hosts).size < 2
            ? [
                {
                  message: `"${name}" is Storage Spaces Direct on 1 server`,
                  path: [...path, "hosts"],
                },
              ]
            : []),
          ...(twofold.length > 0
            ? [
                {
                  message: `"${name}" is Storage Spaces Direct on disks with two paths, in ${twofold.join(", ")}`,
                  path: [...path, "disks"],
                },
              ]
            : []),
        ];
      },
    );
  },
  remedy:
    "Take ZFS, or kind: standalone, which Microsoft supports on one server and with MPIO.",
};
