import type { Call } from "../../tool";
import { Disks } from "../disks";
import { healthOf } from "../health";
import { syncLabels } from "../labels";
import { findVdev } from "../names";
import { Failure, options, usage } from "../options";
import { savePool } from "../pool";
import { isScanning, startResilver, startScrub } from "../scan";
import { release } from "../settle";
import { leavesOf } from "../tree";
import { finish, mustFindVdev, openPool } from "./change";
import { waitFor } from "./wait";

export function offline(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "ft", { power: "4" });
  const [name, ...devices] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name");
  if (devices.length === 0) throw usage(call, "missing device name");
  for (const device of devices) {
    const pool = openPool(call, name);
    const vdev = mustFindVdev(call, pool, device, `offline ${device}`);
    if (pool.spares.includes(vdev))
      throw new Failure(
        `cannot offline ${device}: device is reserved as a hot spare`,
      );
    if (given.has("f")) vdev.faulted = true;
    else vdev.offline = given.has("t") ? "until-boot" : "always";
    const health = healthOf(pool, new Disks(world));
    if (health.get(pool.root.guid)?.state === "CANT_OPEN")
      throw new Failure(`cannot offline ${device}: no valid replicas`);
    syncLabels(world, pool);
  }
  return 0;
}

export function online(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "e", { power: "4" });
  const [name, ...devices] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name");
  if (devices.length === 0) throw usage(call, "missing device name");
  for (const device of devices) {
    const pool = openPool(call, name);
    const vdev = mustFindVdev(call, pool, device, `online ${device}`);
    const wasOff = vdev.offline !== undefined;
    delete vdev.offline;
    delete vdev.faulted;
    const { state } = healthOf(pool, new Disks(world)).get(vdev.guid) ?? {};
    if (state === "ONLINE") {
      delete vdev.removedAt;
      delete vdev.notPresent;
      vdev.stale ||= wasOff;
    } else
      call.stdout.write(
        `warning: device '${device}' onlined, but remains in faulted state\nuse 'zpool replace' to replace devices that are no longer present\n`,
      );
    finish(call, pool);
    startResilver(world, pool);
    savePool(world, pool);
  }
  return 0;
}

export function clear(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "FnX", { power: "4" });
  if (given.has("n") && !given.has("F"))
    throw usage(call, "-n only meaningful with -F");
  const [name, device, ...more] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name");
  if (more.length > 0) throw usage(call, "too many arguments");
  const pool = openPool(call, name);
  const vdevs =
    device === undefined
      ? leavesOf(pool.root)
      : [mustFindVdev(call, pool, device, `clear errors for ${device}`)];
  for (const vdev of vdevs) delete vdev.faulted;
  finish(call, pool);
  startResilver(world, pool);
  savePool(world, pool);
  return 0;
}

export async function scrub(
  call: Call,
  words: readonly string[],
): Promise<number> {
  const { world } = call;
  const given = options(call, words, "spwe");
  const [first] = given.operands;
  if (given.has("s") && given.has("p"))
    throw usage(
      call,
      "invalid option combination: -s and -p are mutually exclusive",
    );
  if (given.has("w") && (given.has("s") || given.has("p")))
    throw usage(
      call,
      "invalid option combination: -w cannot be used with -p or -s",
    );
  if (first === undefined) throw usage(call, "missing pool name argument");
  for (const name of given.operands) {
    const pool = openPool(call, name);
    const isActive = isScanning(pool, "SCRUB");
    const { scan } = pool;
    if (given.has("s")) {
      if (!isActive || scan === undefined)
        throw new Failure(
          `cannot cancel scrubbing ${name}: there is no active scrub`,
        );
      scan.state = "CANCELED";
      scan.endedAt = Date.now();
    } else if (given.has("p")) {
      if (!isActive || scan === undefined || scan.pausedAt !== undefined)
        throw new Failure(
          `cannot pause scrubbing ${name}: there is no active scrub`,
        );
      scan.pausedAt = Date.now();
    } else if (isScanning(pool, "RESILVER")) {
      throw new Failure(`cannot scrub ${name}: currently resilvering`);
    } else if (isActive && scan?.pausedAt !== undefined) {
      scan.pausedMs += Date.now() - scan.pausedAt;
      delete scan.pausedAt;
    } else if (isActive) {
      throw new Failure(
        `cannot scrub ${name}: currently scrubbing; use 'zpool scrub -s' to cancel scrub`,
      );
    } else startScrub(world, pool);
    savePool(world, pool);
    if (given.has("w")) await waitFor(call, pool.guid, "scrub");
  }
  return 0;
}

export function remove(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "npsw");
  const [name, ...devices] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name argument");
  if (devices.length === 0) throw usage(call, "missing device");
  for (const device of devices) {
    const pool = openPool(call, name);
    const disks = new Disks(world);
    const cannot = (why: string) =>
      new Failure(`cannot remove ${device}: ${why}`);
    const vdev = findVdev(pool, device, disks);
    if (vdev === undefined) throw cannot("no such device in pool");
    const isAuxiliary =
      pool.spares.includes(vdev) || pool.caches.includes(vdev);
    const isTop = pool.root.children.includes(vdev);
    if (isAuxiliary) {
      const isUsed = leavesOf(pool.root).some(({ guid }) => guid === vdev.guid);
      if (isUsed) throw cannot("Pool busy; removal may already be in progress");
    } else if (!isTop) {
      throw cannot("operation not supported on this type of pool");
    } else if (vdev.bias !== "log") {
      const data = pool.root.children.filter(({ bias }) => bias !== "log");
      const isFit = data.every(
        ({ ashift, kind }) =>
          kind !== "raidz" && kind !== "draid" && ashift === vdev.ashift,
      );
      if (!isFit || data.length < 2)
        throw cannot(
          "invalid config; all top-level vdevs must have the same sector size and not be raidz.",
        );
    }
    if (given.has("n")) continue;
    for (const leaf of leavesOf(vdev)) release(pool, leaf, disks);
    pool.spares = pool.spares.filter((other) => other !== vdev);
    pool.caches = pool.caches.filter((other) => other !== vdev);
    pool.root.children = pool.root.children.filter((other) => other !== vdev);
    finish(call, pool);
  }
  return 0;
}
