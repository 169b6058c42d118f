import type { Call } from "../../tool";
import { allocatedBytes } from "../capacity";
import { Disks } from "../disks";
import { healthOf } from "../health";
import { assetBytes } from "../labels";
import { findVdev } from "../names";
import { Failure, options, usage } from "../options";
import { type Pool, savePool } from "../pool";
import { startResilver } from "../scan";
import { isAtLeast23, newGuid, settingsOf } from "../settings";
import { release } from "../settle";
import { leavesOf, parentOf, unwrap, type Vdev, wrap } from "../tree";
import { ashiftOf, finish, openPool, prepare } from "./change";
import { specification } from "./specification";
import { waitFor } from "./wait";

/** The disk is labelled before the kernel is asked whether it may. */
async function bring(
  call: Call,
  words: readonly string[],
  replacing: boolean,
): Promise<number> {
  const { world } = call;
  const given = options(call, words, "fo:sw");
  const [name, old, ...rest] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name argument");
  if (old === undefined) throw usage(call, "missing <device> specification");
  const isSame = rest.length === 0;
  if (isSame && !replacing)
    throw usage(call, "missing <new_device> specification");
  if (rest.length > 1) throw usage(call, "too many arguments");
  const pool = openPool(call, name);
  const ashift = ashiftOf(call, given, pool);
  const target = findVdev(pool, old, new Disks(world));
  const path = isSame
    ? (target?.path?.replace(/-part1$/, "") ?? old)
    : (rest[0] ?? "");
  const spec = specification([path], new Disks(world));
  const spare = replacing ? spareFor(pool, path, new Disks(world)) : undefined;
  if (spare === undefined)
    prepare(call, spec, pool, { force: given.has("f"), ashift, replacing });
  const doing = replacing
    ? `replace ${old} with ${path}`
    : `attach ${path} to ${old}`;
  const cannot = (why: string) => new Failure(`cannot ${doing}: ${why}`);
  const fresh = spare ?? spec.tops[0];
  if (target === undefined) throw cannot("no such device in pool");
  if (fresh === undefined) throw cannot("new device must be a single disk");
  delete fresh.ashift;
  delete fresh.bias;
  const expands = !replacing && target.kind === "raidz";
  if (expands) expand(call, pool, target, fresh, cannot);
  else if (target.kind !== "disk")
    throw cannot("can only attach to mirrors and top-level disks");
  else if ((fresh.sizeBytes ?? 0) < leastBytes(pool, target))
    throw cannot("device is too small");
  else if (replacing)
    replaceBy(call, pool, target, fresh, spare !== undefined, cannot);
  else attachTo(call, pool, target, fresh, cannot);
  finish(call, pool, spare === undefined ? [fresh.guid] : []);
  if (!expands) startResilver(world, pool);
  savePool(world, pool);
  if (given.has("w"))
    await waitFor(call, pool.guid, expands ? "raidz_expand" : "resilver");
  return 0;
}

export const attach = (call: Call, words: readonly string[]) =>
  bring(call, words, false);
export const replace = (call: Call, words: readonly string[]) =>
  bring(call, words, true);

function spareFor(pool: Pool, path: string, disks: Disks): Vdev | undefined {
  const found = findVdev(
    { ...pool, root: { ...pool.root, children: [] } },
    path,
    disks,
  );
  const isUsed = leavesOf(pool.root).some(({ guid }) => guid === found?.guid);
  return found !== undefined && !isUsed && pool.spares.includes(found)
    ? { ...found }
    : undefined;
}

/** What the others beside it have. */
function leastBytes(pool: Pool, leaf: Vdev): number {
  const parent = parentOf(pool.root, leaf.guid);
  const siblings =
    parent === undefined || parent.kind === "root" ? [leaf] : leavesOf(parent);
  return (
    Math.min(...siblings.map(({ sizeBytes = 0 }) => sizeBytes)) - 16 * 1024 ** 2
  );
}

function replaceBy(
  call: Call,
  pool: Pool,
  old: Vdev,
  fresh: Vdev,
  isSpare: boolean,
  cannot: (why: string) => Failure,
): void {
  const parent = parentOf(pool.root, old.guid);
  if (parent?.kind === "replacing")
    throw cannot("cannot replace a replacing device");
  wrap(pool.root, old, {
    kind: isSpare ? "spare" : "replacing",
    guid: newGuid(call.world),
    createdAt: Date.now(),
    children: [old, { ...fresh, stale: true }],
  });
}

function attachTo(
  call: Call,
  pool: Pool,
  target: Vdev,
  fresh: Vdev,
  cannot: (why: string) => Failure,
): void {
  const parent = parentOf(pool.root, target.guid);
  const added: Vdev = { ...fresh, stale: true };
  if (parent?.kind === "mirror") {
    parent.children.push(added);
    return;
  }
  if (parent?.kind !== "root")
    throw cannot("can only attach to mirrors and top-level disks");
  wrap(pool.root, target, {
    kind: "mirror",
    guid: newGuid(call.world),
    createdAt: Date.now(),
    children: [target, added],
  });
}

function expand(
  call: Call,
  pool: Pool,
  raidz: Vdev,
  fresh: Vdev,
  cannot: (why: string) => Failure,
): void {
  const settings = settingsOf(call.world);
  if (!isAtLeast23(settings))
    throw cannot("can only attach to mirrors and top-level disks");
  if (pool.properties["feature@raidz_expansion"] === "disabled")
    throw cannot(
      "raidz_expansion feature must be enabled in order to attach a device to raidz",
    );
  if (pool.expansion?.state === "SCANNING")
    throw cannot("raidz expansion already in progress");
  const least = Math.min(
    ...raidz.children.map(({ sizeBytes = 0 }) => sizeBytes),
  );
  if ((fresh.sizeBytes ?? 0) < least - 16 * 1024 ** 2)
    throw cannot("device is too small");
  raidz.children.push(fresh);
  pool.expansion = {
    vdev: raidz.guid,
    state: "SCANNING",
    startedAt: Date.now(),
    durationMs: settings.expandMs,
    bytes: Math.max(
      1024 ** 2,
      Math.min(allocatedBytes(call.world, pool), assetBytes(raidz)),
    ),
  };
}

export function detach(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "");
  const [name, device, ...more] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name argument");
  if (device === undefined) throw usage(call, "missing <device> specification");
  if (more.length > 0) throw usage(call, "too many arguments");
  const pool = openPool(call, name);
  const disks = new Disks(world);
  const leaf = findVdev(pool, device, disks);
  const cannot = (why: string) =>
    new Failure(`cannot detach ${device}: ${why}`);
  if (leaf === undefined) throw cannot("no such device in pool");
  const parent = parentOf(pool.root, leaf.guid);
  if (
    parent === undefined ||
    !["mirror", "replacing", "spare"].includes(parent.kind)
  )
    throw cannot("only applicable to mirror and replacing vdevs");
  const health = healthOf(pool, disks);
  const others = parent.children.filter(({ guid }) => guid !== leaf.guid);
  const isEnough = others.some(
    ({ guid, stale }) => health.get(guid)?.state === "ONLINE" && !stale,
  );
  if (!isEnough) throw cannot("no valid replicas");
  const isSpare = pool.spares.some(({ guid }) => guid === leaf.guid);
  parent.children = others;
  if (!isSpare) {
    // What stood in for it stays for good, and is no spare any more.
    if (parent.kind === "spare")
      pool.spares = pool.spares.filter(
        ({ guid }) => !others.some((other) => other.guid === guid),
      );
    release(pool, leaf, disks);
  }
  const [last] = others;
  if (others.length === 1 && last !== undefined)
    unwrap(pool.root, parent, last);
  finish(call, pool, isSpare ? [leaf.guid] : []);
  return 0;
}
