import { isBackstore } from "../../lio/kernel";
import type { Call } from "../../tool";
import { writeCachefile } from "../cachefile";
import { unmountAll } from "../datasets/mounting";
import { mountedAt } from "../datasets/mounts";
import { Disks } from "../disks";
import { healthOf, isSuspended } from "../health";
import { syncLabels } from "../labels";
import { Failure, options, usage } from "../options";
import { importedPools, markGone, type Pool, savePool } from "../pool";
import { leavesOf } from "../tree";
import { openPools } from "./status";

export function exportPools(call: Call, words: readonly string[]): number {
  const given = options(call, words, "afF");
  const [first] = given.operands;
  if (given.has("a") && first !== undefined)
    throw usage(call, "too many arguments");
  if (!given.has("a") && first === undefined)
    throw usage(call, "missing pool argument");
  const [pools, code] = openPools(call, given.operands);
  let worst = code;
  for (const pool of pools) {
    const health = healthOf(pool, new Disks(call.world));
    const busy = unmountAll(call.world, pool);
    if (busy !== undefined) {
      call.stderr.write(
        `cannot unmount '${mountedAtName(call, pool, busy)}': pool or dataset is busy\n`,
      );
      worst = 1;
      continue;
    }
    const isHeld = Object.keys(pool.datasets).some((path) =>
      isBackstore(call.world, `/dev/zvol/${pool.name}/${path}`),
    );
    if (isHeld) {
      call.stderr.write(`cannot export '${pool.name}': pool is busy\n`);
      worst = 1;
      continue;
    }
    if (isSuspended(pool, health) && !given.has("F")) {
      call.stderr.write(
        `cannot export '${pool.name}': pool I/O is currently suspended\n`,
      );
      worst = 1;
      continue;
    }
    leave(call, pool, "exported");
  }
  return worst;
}

function mountedAtName(call: Call, pool: Pool, name: string): string {
  const path = name === pool.name ? "" : name.slice(pool.name.length + 1);
  const guid = pool.datasets[path]?.guid ?? "";
  return mountedAt(call.world, guid) ?? name;
}

/** There is no question and no dry run. */
export function destroy(call: Call, words: readonly string[]): number {
  const given = options(call, words, "f");
  const [name, ...more] = given.operands;
  if (name === undefined) throw usage(call, "missing pool argument");
  if (more.length > 0) throw usage(call, "too many arguments");
  const pool = importedPools(call.world).find((item) => item.name === name);
  if (pool === undefined) {
    const hint = name.includes("/")
      ? "\nuse 'zfs destroy' to destroy a dataset"
      : "";
    throw new Failure(`cannot open '${name}': no such pool${hint}`);
  }
  if (unmountAll(call.world, pool) !== undefined)
    throw new Failure(
      `could not destroy '${name}': could not unmount datasets`,
    );
  leave(call, pool, "destroyed");
  return 0;
}

function leave(
  { world }: Call,
  pool: Pool,
  state: "exported" | "destroyed",
): void {
  pool.state = state;
  delete pool.altroot;
  delete pool.cachefile;
  syncLabels(world, pool);
  const disks = new Disks(world);
  for (const leaf of [...leavesOf(pool.root), ...pool.spares, ...pool.caches]) {
    const device = leaf.path === undefined ? undefined : disks.find(leaf.path);
    if (device !== undefined) disks.claim(device, undefined);
  }
  savePool(world, pool);
  markGone(world, pool.guid);
  writeCachefile(world);
}
