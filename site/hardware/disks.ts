import type { Site } from "../manifest";
import type { DiskPlace } from "../schema/disks";

export interface FoundDisk {
  /** "shelf1:0" */
  place: string;
  size: number;
  medium: "hdd" | "ssd";
  wwn?: string;
  shelf?: string;
  bay?: number;
  /** The host that it sits in; of a shelf's disk undefined. */
  host?: string;
  /** Cables that lead to it. */
  paths: 1 | 2;
}

export function placeOf({ holder, name }: DiskPlace): string {
  return `${holder}:${name}`;
}

/** Every disk of the site, by its place. */
export function disksOf({ hardware }: Site): ReadonlyMap<string, FoundDisk> {
  const all = [
    ...hardware.shelves.flatMap(({ name: shelf, paths, disks }) =>
      disks.map(
        ({ bay, size, medium, wwn }): FoundDisk => ({
          place: `${shelf}:${bay}`,
          size,
          medium,
          wwn,
          shelf,
          bay,
          paths,
        }),
      ),
    ),
    ...hardware.hosts.flatMap(({ name: host, disks }) =>
      disks.map(
        ({ name, size, medium, wwn }): FoundDisk => ({
          place: `${host}:${name}`,
          size,
          medium,
          wwn,
          host,
          paths: 1,
        }),
      ),
    ),
  ];
  return new Map(all.map((disk) => [disk.place, disk]));
}
