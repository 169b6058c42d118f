import type { Call } from "../../tool";
import type { HostWorld } from "../../world";
import { Failure, options, usage } from "../options";
import { type Pool, savePool } from "../pool";
import { settingsOf } from "../settings";
import { reservedBytes } from "./create";
import { below, type Dataset } from "./dataset";
import { findDataset, mustFind } from "./find";
import { mountAll, mountDataset, unmountAll } from "./mounting";
import { mountedAt } from "./mounts";
import {
  canonical,
  isUserProperty,
  normalized,
  type PropertyRule,
  ruleOf,
} from "./properties";
import { writeShares } from "./shares";
import { exceedsRoom } from "./values";

/** What fails here ends with 255, as with the real one. */
const refused = 255;

export function set(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "u");
  const pairs = given.operands.filter((word) => word.includes("="));
  const names = given.operands.slice(pairs.length);
  if (given.operands.length === 0) throw usage(call, "missing arguments");
  if (pairs.length === 0 || names.some((name) => name.includes("=")))
    throw usage(call, "missing property=value argument(s)");
  if (names.length === 0) throw usage(call, "missing dataset name");
  let code = 0;
  for (const name of names) {
    const found = findDataset(world, name);
    if (found === undefined) {
      call.stderr.write(`cannot open '${name}': dataset does not exist\n`);
      code = 1;
      continue;
    }
    const { dataset, path, pool } = found;
    const cannot = (why: string) =>
      new Failure(`cannot set property for '${name}': ${why}`, refused);
    const changes: [PropertyRule | undefined, string, string][] = [];
    for (const pair of pairs) {
      const at = pair.indexOf("=");
      const [key, value] = [canonical(pair.slice(0, at)), pair.slice(at + 1)];
      if (isUserProperty(key)) {
        changes.push([undefined, key, value]);
        continue;
      }
      const rule = ruleOf(key, settingsOf(world));
      if (rule === undefined) throw cannot(`invalid property '${key}'`);
      if (!rule.kinds.includes(dataset.type))
        throw cannot(`'${key}' does not apply to datasets of this type`);
      if (rule.readonly !== undefined && rule.readonly !== false)
        throw cannot(`'${key}' is readonly`);
      const checked = normalized(rule, value);
      if ("wrong" in checked) throw cannot(checked.wrong);
      const problem = sizeProblem(found.dataset.fixed, rule, checked.value);
      if (problem !== undefined) throw cannot(problem);
      const keeps = /^(ref)?reservation$/.test(rule.name);
      const bytes = Number(checked.value) || 0;
      if (keeps && exceedsRoom(world, pool, path, rule.name, bytes))
        throw cannot("size is greater than available space");
      changes.push([rule, rule.name, checked.value]);
    }
    withMounts(
      world,
      pool,
      path,
      changes.map(([, key]) => key),
      given.has("u"),
      () => {
        for (const [rule, key, value] of changes) {
          // A smaller volume is made without a word, whatever is in it.
          if (key === "volsize") resize(dataset, value, changes);
          else if (rule?.size?.words !== undefined && value === "none")
            delete dataset.local[key];
          else dataset.local[key] = value;
        }
        pool.txg += 1;
        savePool(world, pool);
      },
    );
    if (changes.some(([, key]) => key === "sharenfs")) writeShares(world);
  }
  return code;
}

/** A thick volume stays thick: libzfs sets the room it reserved by itself anew. */
function resize(
  { fixed, local }: Pick<Dataset, "fixed" | "local">,
  value: string,
  changes: readonly [unknown, string, string][],
): void {
  const block = Number(fixed.volblocksize);
  const isOwn =
    local.refreservation === `${reservedBytes(Number(fixed.volsize), block)}`;
  if (isOwn && !changes.some(([, key]) => key === "refreservation"))
    local.refreservation = `${reservedBytes(Number(value), block)}`;
  fixed.volsize = value;
}

function sizeProblem(
  fixed: Readonly<Record<string, string>>,
  rule: PropertyRule,
  value: string,
): string | undefined {
  if (rule.name !== "volsize") return undefined;
  if (value === "0") return "'volsize' cannot be zero";
  const block = BigInt(fixed.volblocksize ?? "16384");
  return BigInt(value) % block === 0n
    ? undefined
    : `'volsize' must be a multiple of volume block size (${block})`;
}

/** A changed mountpoint takes the file systems with it. */
function withMounts(
  world: HostWorld,
  pool: Pool,
  path: string,
  keys: readonly string[],
  isQuiet: boolean,
  change: () => void,
): void {
  const moves = keys.includes("mountpoint");
  const isOff = keys.includes("canmount");
  if (isQuiet || (!moves && !isOff)) {
    change();
    return;
  }
  const affected = new Set([path, ...below(pool, path)]);
  const only = (at: string) => affected.has(at);
  const guid = pool.datasets[path]?.guid ?? "";
  const wasMounted = mountedAt(world, guid) !== undefined;
  if (moves) {
    const busy = unmountAll(world, pool, only);
    if (busy !== undefined)
      throw new Failure(
        `cannot unmount '${busy}': pool or dataset is busy`,
        refused,
      );
  }
  change();
  if (moves) mountAll(world, pool, only);
  else if (pool.datasets[path]?.local.canmount === "off") {
    if (wasMounted) unmountAll(world, pool, (at) => at === path);
  } else if (!wasMounted && pool.datasets[path]?.local.canmount === "on")
    mountDataset(world, pool, path);
}

export function inherit(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "rS");
  const [asked, ...names] = given.operands;
  if (asked === undefined) throw usage(call, "missing property argument");
  if (names.length === 0) throw usage(call, "missing dataset argument");
  const key = canonical(asked);
  const rule = ruleOf(key, settingsOf(world));
  if (rule === undefined && !isUserProperty(key))
    throw usage(call, `invalid property '${asked}'`);
  if (rule?.readonly) throw new Failure(`${key} property is read-only`);
  if (rule !== undefined && !rule.inherits && !given.has("S")) {
    const isLimit = rule.size?.words !== undefined;
    const hint = isLimit
      ? `\nuse 'zfs set ${key}=none' to clear\nuse 'zfs inherit -S ${key}' to revert to received value`
      : "";
    throw new Failure(`'${key}' property cannot be inherited${hint}`);
  }
  for (const name of names) {
    const { path, pool } = mustFind(world, name);
    const paths = given.has("r") ? [path, ...below(pool, path)] : [path];
    withMounts(world, pool, path, [key], false, () => {
      for (const at of paths) {
        delete pool.datasets[at]?.local[key];
        if (!given.has("S")) delete pool.datasets[at]?.received[key];
      }
      pool.txg += 1;
      savePool(world, pool);
    });
  }
  if (key === "sharenfs") writeShares(world);
  return 0;
}
