import { disksOf, placeOf } from "../hardware/disks";
import type { Dataset, Pool, Site, Storage } from "../manifest";
import type { Problem } from "../problem";
import type { DiskPlace } from "../schema/disks";
import { suggest } from "../suggest";
import { twice } from "./names";
import { refer } from "./refer";

type Path = readonly PropertyKey[];

/** What stands in the area storage: pools, and datasets below them. */
export function storageProblems(site: Site): Problem[] {
  const { storage, networks, hardware } = site;
  if (storage === undefined) return [];
  const { pools, datasets, storageSpaces } = storage;
  return [
    refer("network", storage.network, networks, ["storage", "network"]),
    Object.keys(storage.arcMax).flatMap((host) =>
      refer("host", host, hardware.hosts, ["storage", "arcMax", host]),
    ),
    twice("pool name", pools, ({ name, host }) => `${host}:${name}`, [
      "storage",
      "pools",
    ]),
    pools.flatMap((pool, index) =>
      poolProblems(site, pool, ["storage", "pools", index]),
    ),
    twice("dataset name", datasets, ({ name }) => name, [
      "storage",
      "datasets",
    ]),
    datasets.flatMap((dataset, index) =>
      datasetProblems(storage, dataset, ["storage", "datasets", index]),
    ),
    storageSpaces.flatMap(({ hosts, disks }, index) => {
      const path = ["storage", "storageSpaces", index];
      return [
        ...hosts.flatMap((host, at) =>
          refer("host", host, hardware.hosts, [...path, "hosts", at]),
        ),
        ...places(site, disks, [...path, "disks"]),
      ];
    }),
  ].flat();
}

function poolProblems(site: Site, pool: Pool, path: Path): Problem[] {
  const { host, vdevs, spares, replace, add } = pool;
  const standing = new Set(
    vdevs.flatMap(({ disks }) => disks).map((place) => placeOf(place)),
  );
  const stands = (place: DiskPlace, at: Path): Problem[] =>
    standing.has(placeOf(place))
      ? []
      : [
          {
            message: `disk "${placeOf(place)}" stands in no vdev of pool "${pool.name}", put it where it is to be`,
            path: at,
          },
        ];
  return [
    ...refer("host", host, site.hardware.hosts, [...path, "host"]),
    ...vdevs.flatMap(({ disks }, at) =>
      places(site, disks, [...path, "vdevs", at, "disks"], host),
    ),
    ...places(site, spares, [...path, "spares"], host),
    ...replace.flatMap((item, at) => {
      const here = [...path, "replace", at];
      // It may have been replaced itself since.
      const isPassed = replace.some(
        ({ old }) =>
          typeof old !== "string" && placeOf(old) === placeOf(item.new),
      );
      return [
        ...(isPassed ? [] : stands(item.new, [...here, "new"])),
        ...oldDisk(site, item.old, standing, [...here, "old"]),
      ];
    }),
    ...add.flatMap((place, at) => stands(place, [...path, "add", at])),
  ];
}

function oldDisk(
  site: Site,
  old: Pool["replace"][number]["old"],
  standing: ReadonlySet<string>,
  path: Path,
): Problem[] {
  // Of one that is gone from the hardware nothing but the name is known.
  if (typeof old === "string") return [];
  if (standing.has(placeOf(old)))
    return [
      {
        message: `disk "${placeOf(old)}" still stands in a vdev, put the new one into its place there (one in the same bay: write as old the World Wide Name of the one that leaves)`,
        path,
      },
    ];
  return places(site, [old], path.slice(0, -1)).map((problem) => ({
    ...problem,
    path,
  }));
}

/** Disks that are there, with a name that lasts, and not another host's own. */
function places(
  site: Site,
  disks: readonly DiskPlace[],
  path: Path,
  host?: string,
): Problem[] {
  const all = disksOf(site);
  return disks.flatMap((place, at): Problem[] => {
    const name = placeOf(place);
    const disk = all.get(name);
    const here = [...path, at];
    if (disk === undefined) {
      const hint = suggest(name, [...all.keys()]);
      return [{ message: `there is no disk "${name}"${hint}`, path: here }];
    }
    if (host !== undefined && disk.host !== undefined && disk.host !== host) {
      return [
        {
          message: `disk "${name}" sits in another host than "${host}", choose one of its own or of a shelf`,
          path: here,
        },
      ];
    }
    return disk.wwn !== undefined || host === undefined
      ? []
      : [
          {
            message: `disk "${name}" has no wwn, by which alone a pool may know it, add it`,
            path: here,
          },
        ];
  });
}

function datasetProblems(
  { pools, datasets }: Storage,
  { name, volume, quota, properties = {} }: Dataset,
  path: Path,
): Problem[] {
  const parent = name.slice(0, name.lastIndexOf("/"));
  const [pool = ""] = name.split("/");
  const above = datasets.find((other) => other.name === parent);
  const refuse = (key: string, message: string): Problem => ({
    message,
    path: [...path, key],
  });
  return [
    ...(pool === parent
      ? refer("pool", pool, pools, [...path, "name"])
      : refer("dataset", parent, datasets, [...path, "name"])),
    ...(above?.volume !== undefined
      ? [
          refuse(
            "name",
            `"${parent}" is a volume, which has nothing below it, choose another place`,
          ),
        ]
      : []),
    ...(volume !== undefined && quota !== undefined
      ? [refuse("quota", "a volume has its size, drop the quota")]
      : []),
    ...(volume !== undefined && volume % 2 ** 20 !== 0
      ? [refuse("volume", "ZFS rounds a volume, write whole MiB")]
      : []),
    ...(volume === undefined && properties.volblocksize !== undefined
      ? [refuse("properties", '"volblocksize" is of volumes, drop it')]
      : []),
    ...(volume !== undefined &&
    (properties.mountpoint !== undefined || properties.recordsize !== undefined)
      ? [
          refuse(
            "properties",
            "a volume has neither mountpoint nor recordsize, drop them",
          ),
        ]
      : []),
  ];
}
