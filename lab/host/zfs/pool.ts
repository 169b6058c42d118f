import type { HostWorld } from "../world";
import type { Dataset } from "./datasets/dataset";
import { importedGuids, setImported } from "./settings";
import type { Vdev } from "./tree";

export interface Scan {
  what: "SCRUB" | "RESILVER";
  state: "SCANNING" | "FINISHED" | "CANCELED";
  /** Milliseconds, as all times here. */
  startedAt: number;
  durationMs: number;
  endedAt?: number;
  pausedAt?: number;
  pausedMs: number;
  bytes: number;
}

/** Of a raidz, by another disk. */
export interface Expansion {
  vdev: string;
  state: "SCANNING" | "FINISHED";
  startedAt: number;
  durationMs: number;
  endedAt?: number;
  bytes: number;
}

/** What lies on a pool's disks beside their labels, kept by its GUID. */
export interface Pool {
  name: string;
  guid: string;
  state: "active" | "exported" | "destroyed";
  txg: number;
  root: Vdev;
  spares: Vdev[];
  caches: Vdev[];
  /** What was set. */
  properties: Record<string, string>;
  /** Of vdevs by GUID. */
  vdevProperties: Record<string, Record<string, string>>;
  /** Until the export. */
  altroot?: string;
  cachefile?: string;
  scan?: Scan;
  expansion?: Expansion;
  /** By path below the pool: "", "vm", "vm@daily". */
  datasets: Record<string, Dataset>;
  history: string[];
  createdAt: number;
  hostid: string;
  hostname: string;
}

const partOf = (guid: string) => `zfs-pool-${guid}`;

export function loadPool(world: HostWorld, guid: string): Pool | undefined {
  const pool = world.load<Partial<Pool>>(partOf(guid), {});
  return pool.guid === undefined ? undefined : (pool as Pool);
}

export function savePool(world: HostWorld, pool: Pool): void {
  world.save(partOf(pool.guid), pool);
}

/** Those that are imported, by name. */
export function importedPools(world: HostWorld): Pool[] {
  return importedGuids(world)
    .map((guid) => loadPool(world, guid))
    .filter((pool) => pool !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function markImported(world: HostWorld, guid: string): void {
  setImported(world, [...new Set([...importedGuids(world), guid])]);
}

export function markGone(world: HostWorld, guid: string): void {
  setImported(
    world,
    importedGuids(world).filter((other) => other !== guid),
  );
}
