import type { HostWorld } from "../world";
import { mibOf } from "./capacity";
import type { Pool, Scan } from "./pool";
import { settingsOf } from "./settings";
import { leavesOf } from "./tree";

/** How far it is, from 0 to 1. */
export function progress(
  work: Pick<Scan, "startedAt" | "durationMs"> & Partial<Scan>,
  now = Date.now(),
): number {
  const until = work.pausedAt ?? now;
  const spent = until - work.startedAt - (work.pausedMs ?? 0);
  return Math.min(1, Math.max(0, spent / Math.max(1, work.durationMs)));
}

export function isScanning(pool: Pool, what?: Scan["what"]): boolean {
  return (
    pool.scan?.state === "SCANNING" &&
    (what === undefined || pool.scan.what === what)
  );
}

/** Of all that is stale; one that runs begins anew, and a scrub gives way. */
export function startResilver(world: HostWorld, pool: Pool): void {
  if (!leavesOf(pool.root).some(({ stale }) => stale)) return;
  start(world, pool, "RESILVER", settingsOf(world).resilverMs);
}

export function startScrub(world: HostWorld, pool: Pool): void {
  start(world, pool, "SCRUB", settingsOf(world).scrubMs);
}

function start(
  world: HostWorld,
  pool: Pool,
  what: Scan["what"],
  durationMs: number,
): void {
  pool.scan = {
    what,
    state: "SCANNING",
    startedAt: Date.now(),
    durationMs,
    pausedMs: 0,
    bytes: mibOf(world, pool) * 1024 * 1024,
  };
}
