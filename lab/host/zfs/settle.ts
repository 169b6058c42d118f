import { readLabel, writeLabels } from "../disks/labels";
import type { HostWorld } from "../world";
import { Disks } from "./disks";
import { healthOf } from "./health";
import { ownDevice, syncLabels } from "./labels";
import { importedPools, type Pool, savePool } from "./pool";
import { isScanning, progress, startResilver } from "./scan";
import { newGuid, settingsOf } from "./settings";
import { everyVdev, leavesOf, parentOf, unwrap, type Vdev, wrap } from "./tree";

/**
 * What kernel and ZED have done by now: disks that vanished are marked and
 * spares take their place, disks that are back are taken in, resilvers and
 * scrubs whose time has passed are complete.
 */
export function settle(world: HostWorld): void {
  for (const pool of importedPools(world)) {
    const before = JSON.stringify(pool);
    const disks = new Disks(world);
    noticeRemoved(pool, disks);
    complete(pool, disks);
    const changed = activateSpares(world, pool, disks);
    if (!isScanning(pool, "RESILVER") && needsResilver(pool, disks))
      startResilver(world, pool);
    if (changed || structure(pool) !== structure(JSON.parse(before) as Pool))
      syncLabels(world, pool);
    else if (JSON.stringify(pool) !== before) savePool(world, pool);
  }
}

const structure = (pool: Pool) =>
  [...everyVdev(pool.root)].map(({ guid }) => guid).join();

function noticeRemoved(pool: Pool, disks: Disks): void {
  for (const leaf of [...leavesOf(pool.root), ...pool.spares]) {
    const { device, problem } = ownDevice(pool, leaf, disks);
    if (leaf.removedAt !== undefined) {
      if (problem !== undefined) continue;
      delete leaf.removedAt;
      leaf.stale = true;
      if (device !== undefined) disks.claim(device, `zfs pool ${pool.name}`);
    } else if (problem === "absent" && !leaf.notPresent) {
      leaf.removedAt = Date.now();
    } else if (problem === undefined && leaf.notPresent) {
      delete leaf.notPresent;
      leaf.stale = true;
      if (device !== undefined) disks.claim(device, `zfs pool ${pool.name}`);
    }
  }
}

function needsResilver(pool: Pool, disks: Disks): boolean {
  const health = healthOf(pool, disks);
  return leavesOf(pool.root).some(
    ({ guid, stale }) => stale && health.get(guid)?.state === "ONLINE",
  );
}

function complete(pool: Pool, disks: Disks): void {
  const { expansion, scan } = pool;
  if (expansion?.state === "SCANNING" && progress(expansion) >= 1) {
    expansion.state = "FINISHED";
    expansion.endedAt = expansion.startedAt + expansion.durationMs;
  }
  if (scan?.state !== "SCANNING" || scan.pausedAt !== undefined) return;
  if (progress(scan) < 1) return;
  scan.state = "FINISHED";
  scan.endedAt = scan.startedAt + scan.durationMs + scan.pausedMs;
  if (scan.what !== "RESILVER") return;
  const health = healthOf(pool, disks);
  for (const leaf of leavesOf(pool.root))
    if (health.get(leaf.guid)?.state === "ONLINE") delete leaf.stale;
  for (const vdev of [...everyVdev(pool.root)])
    if (vdev.kind === "replacing") finishReplacing(pool, vdev, disks);
}

function finishReplacing(pool: Pool, vdev: Vdev, disks: Disks): void {
  const [old, by] = [vdev.children[0], vdev.children.at(-1)];
  if (old === undefined || by === undefined || by.stale) return;
  release(pool, old, disks);
  unwrap(pool.root, vdev, by);
  collapseSpare(pool, by.guid);
}

/** The disk that a spare stood in for was replaced: the spare goes back. */
function collapseSpare(pool: Pool, guid: string): void {
  const parent = parentOf(pool.root, guid);
  if (parent?.kind !== "spare") return;
  const own = parent.children.find((child) => child.guid === guid);
  if (own !== undefined) unwrap(pool.root, parent, own);
}

/** It is no longer of the pool: its labels are of transaction group 0 from now on. */
export function release(pool: Pool, leaf: Vdev, disks: Disks): void {
  const { device, problem } = ownDevice(pool, leaf, disks);
  if (device === undefined || problem !== undefined) return;
  disks.claim(device, undefined);
  try {
    const label = readLabel(device);
    if (label !== undefined) writeLabels(device, { ...label, txg: 0n });
  } catch {
    // It cannot be reached: it will say for ever that it was a member.
  }
}

function activateSpares(world: HostWorld, pool: Pool, disks: Disks): boolean {
  const { zedMs } = settingsOf(world);
  const health = healthOf(pool, disks);
  let changed = false;
  for (const leaf of leavesOf(pool.root)) {
    const state = health.get(leaf.guid);
    const isLost =
      state?.state === "REMOVED" ||
      state?.state === "FAULTED" ||
      state?.state === "CANT_OPEN";
    if (!isLost || Date.now() - (leaf.removedAt ?? 0) < zedMs) continue;
    const parent = parentOf(pool.root, leaf.guid);
    if (parent === undefined || parent.kind === "spare") continue;
    if (parent.kind === "replacing") continue;
    const used = new Set(leavesOf(pool.root).map(({ guid }) => guid));
    const spare = pool.spares.find(
      ({ guid, sizeBytes = 0 }) =>
        !used.has(guid) &&
        health.get(guid)?.state === "ONLINE" &&
        sizeBytes >= (leaf.sizeBytes ?? 0),
    );
    if (spare === undefined) continue;
    wrap(pool.root, leaf, {
      kind: "spare",
      guid: newGuid(world),
      createdAt: Date.now(),
      children: [leaf, { ...spare, stale: true }],
    });
    changed = true;
  }
  if (changed) startResilver(world, pool);
  return changed;
}
