import { disksOf, placeOf } from "../hardware/disks";
import type { Dataset, Pool, Site } from "../manifest";

/**
 * Bytes that datasets of a pool can have at most: of raidz without its parity.
 * ZFS takes some for itself beside; undefined while a disk is not known.
 */
export function roomOf(site: Site, { vdevs }: Pool): number | undefined {
  const all = disksOf(site);
  let room = 0;
  for (const { type, class: kind, disks } of vdevs) {
    if (kind !== undefined) continue;
    const sizes = disks.map((place) => all.get(placeOf(place))?.size);
    if (sizes.includes(undefined)) return undefined;
    const known = sizes as number[];
    const smallest = Math.min(...known);
    if (type === "stripe") room += known.reduce((sum, size) => sum + size, 0);
    else if (type === "mirror") room += smallest;
    else room += smallest * (known.length - Number(type.slice(-1)));
  }
  return room;
}

/** Bytes that a place's datasets keep from others; a child's are within its parent's. */
export function reservedIn(
  datasets: readonly Dataset[],
  parent: string,
): number {
  const children = datasets.filter(
    ({ name }) => name.slice(0, name.lastIndexOf("/")) === parent,
  );
  return children.reduce((sum, { name, reservation = 0, volume = 0 }) => {
    // A volume is made with its whole size reserved.
    const own = volume + reservedIn(datasets, name);
    return sum + Math.max(reservation, own);
  }, 0);
}
