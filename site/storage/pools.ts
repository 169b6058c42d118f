import { disksOf, type FoundDisk, placeOf } from "../hardware/disks";
import type { Pool, Site, Vdev } from "../manifest";
import type { DiskPlace } from "../schema/disks";

/** What a pool's host is to make, disks by names that last. */
export interface PoolPlan {
  host: string;
  name: string;
  ashift: number;
  vdevs: { type: Vdev["type"]; class?: Vdev["class"]; disks: string[] }[];
  spares: string[];
  properties?: Pool["properties"];
  replace?: { old: string; new: string }[];
  add?: string[];
  adopt?: Pool["adopt"];
  destroy?: Pool["destroy"];
  /** By the disk's name its place, as the manifest calls it. */
  labels: Record<string, string>;
  dataset: Pool["dataset"] & { "org.debian:periodic-scrub": "disable" };
}

export function poolsOf(site: Site): PoolPlan[] {
  const disks = disksOf(site);
  const path = (place: DiskPlace) => pathOf(disks.get(placeOf(place)));
  return (site.storage?.pools ?? []).map((pool) => ({
    host: pool.host,
    name: pool.name,
    ashift: pool.ashift,
    vdevs: pool.vdevs.map((vdev) => ({
      type: vdev.type,
      ...(vdev.class && { class: vdev.class }),
      disks: vdev.disks.map(path),
    })),
    spares: pool.spares.map(path),
    ...(pool.properties && { properties: pool.properties }),
    ...(pool.replace.length > 0 && {
      replace: pool.replace.map((item) => ({
        old:
          typeof item.old === "string"
            ? pathOf({ ...disks.get(placeOf(item.new)), wwn: item.old })
            : path(item.old),
        new: path(item.new),
      })),
    }),
    ...(pool.add.length > 0 && { add: pool.add.map(path) }),
    ...(pool.adopt && { adopt: pool.adopt }),
    ...(pool.destroy && { destroy: pool.destroy }),
    labels: Object.fromEntries(
      placesIn(pool).map((place) => [path(place), placeOf(place)]),
    ),
    // The manifest says when: Debian's cron would scrub them all at one time.
    dataset: { ...pool.dataset, "org.debian:periodic-scrub": "disable" },
  }));
}

/** Of all disks that the pool has, or had: one that leaves is read until it has left. */
function placesIn({ vdevs, spares, replace }: Pool): DiskPlace[] {
  const leaving = replace.flatMap(({ old }) =>
    typeof old === "string" ? [] : [old],
  );
  return [...vdevs.flatMap((vdev) => vdev.disks), ...spares, ...leaving];
}

/** By its WWN: of two paths the map, for a path's own name hangs with that path. */
function pathOf(
  disk: Partial<Pick<FoundDisk, "wwn" | "paths">> | undefined,
): string {
  const wwn = disk?.wwn?.replace(/^0x/, "") ?? "";
  return disk?.paths === 2
    ? `/dev/mapper/3${wwn}`
    : `/dev/disk/by-id/wwn-0x${wwn}`;
}

/** Hosts whose disks have two paths, with the WWIDs that their maps are made of. */
export interface MultipathPlan {
  host: string;
  wwids: string[];
}

export function multipathOf(site: Site): MultipathPlan[] {
  const disks = disksOf(site);
  const byHost = new Map<string, Set<string>>();
  for (const pool of site.storage?.pools ?? []) {
    for (const place of placesIn(pool)) {
      const disk = disks.get(placeOf(place));
      if (disk?.paths !== 2 || disk.wwn === undefined) continue;
      const wwids = byHost.get(pool.host) ?? new Set();
      byHost.set(pool.host, wwids.add(`3${disk.wwn.replace(/^0x/, "")}`));
    }
  }
  return [...byHost].map(([host, wwids]) => ({ host, wwids: [...wwids] }));
}

/** What a host does for its pools beside making them. */
export interface PoolCare {
  host: string;
  /** Bytes of memory that ZFS's cache may take; undefined: ZFS's own limit. */
  arcMax?: number;
  mailTo?: string;
  /** When each pool is read whole, as systemd writes it. */
  scrubs: { pool: string; schedule: string }[];
}

export function poolCareOf({ storage }: Site): PoolCare[] {
  if (storage === undefined) return [];
  const { pools, arcMax, mailTo } = storage;
  // A host's own pool, which it starts from, has a cache too.
  const hosts = [...pools.map(({ host }) => host), ...Object.keys(arcMax)];
  const serves = (host: string) => pools.some((pool) => pool.host === host);
  return [...new Set(hosts)].map((host) => ({
    host,
    ...(arcMax[host] !== undefined && { arcMax: arcMax[host] }),
    ...(mailTo && serves(host) && { mailTo }),
    scrubs: pools
      .filter((pool) => pool.host === host)
      .map(({ name, scrub }) => ({ pool: name, schedule: scrub })),
  }));
}
