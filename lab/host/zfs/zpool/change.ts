import type { Call } from "../../tool";
import { writeCachefile } from "../cachefile";
import { Disks } from "../disks";
import { syncLabels } from "../labels";
import { findVdev, vdevName } from "../names";
import { assignment, Failure, type Options, options, usage } from "../options";
import { importedPools, type Pool } from "../pool";
import { settingsOf } from "../settings";
import { leavesOf, type Vdev } from "../tree";
import { claimAll } from "./create";
import { headed, inUse } from "./in-use";
import { layout } from "./layout";
import { poolPropertyProblem } from "./properties";
import { mismatches } from "./replication";
import { giveGuids, type Specification, specification } from "./specification";
import { sameDevice, takeDisks } from "./take-disks";

export function openPool(call: Pick<Call, "world">, name: string): Pool {
  const pool = importedPools(call.world).find((item) => item.name === name);
  if (pool === undefined)
    throw new Failure(`cannot open '${name}': no such pool`);
  return pool;
}

/** "ashift=12" is all that -o can say where disks are added. */
export function ashiftOf(call: Call, given: Options, pool: Pool): number {
  const text = given.value("o");
  if (text === undefined) return Number(pool.properties.ashift ?? "0") || 12;
  const [name, value] = assignment(call, text);
  const problem = poolPropertyProblem(name, value, settingsOf(call.world));
  if (name !== "ashift" || problem !== undefined)
    throw usage(call, problem ?? `property '${name}' cannot be set here`);
  return Number(value) || 12;
}

/** Checks, and unless it is only tried takes the disks. */
export function prepare(
  call: Call,
  spec: Specification,
  pool: Pool,
  how: {
    force: boolean;
    ashift: number;
    replacing: boolean;
    dryRun?: boolean;
    tops?: readonly Vdev[];
  },
): void {
  const disks = new Disks(call.world);
  const use = inUse(disks, spec, {
    force: how.force,
    replacing: how.replacing ? pool : undefined,
  });
  const problems = [...use.problems];
  if (use.plain.length + problems.length === 0 && !how.force && how.tops)
    problems.push(...mismatches(spec.tops, how.tops));
  if (use.plain.length + problems.length > 0)
    throw new Failure(
      [
        ...use.plain,
        ...(problems.length > 0 ? [headed(how.force, problems)] : []),
      ].join("\n"),
    );
  if (how.dryRun) return;
  giveGuids(disks, spec, how.ashift);
  takeDisks(call.world, spec);
}

export function add(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "fgLno:P", {
    "allow-in-use": "6",
    "allow-replication-mismatch": "7",
    "allow-ashift-mismatch": "8",
  });
  const [name, ...vdevs] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name argument");
  if (vdevs.length === 0) throw usage(call, "missing vdev specification");
  const pool = openPool(call, name);
  const force = given.has("f");
  const ashift = ashiftOf(call, given, pool);
  const spec = specification(vdevs, new Disks(world));
  const own: Specification = {
    tops: pool.root.children,
    spares: pool.spares,
    caches: pool.caches,
  };
  const checks = !given.has("7");
  prepare(call, spec, pool, {
    force: force || given.has("6"),
    ashift,
    replacing: false,
    dryRun: given.has("n"),
    ...(checks && spec.tops.length > 0 ? { tops: pool.root.children } : {}),
  });
  if (given.has("n")) {
    const nameOf = (vdev: Vdev) =>
      vdevName(vdev, pool.root.children.indexOf(vdev));
    call.stdout.write(
      `would update '${name}' to the following configuration:\n\n${layout(name, spec, own, nameOf)}`,
    );
    return 0;
  }
  if (sameDevice(world, spec))
    throw new Failure(
      `cannot add to '${name}': one or more vdevs refer to the same device, or one of\nthe devices is part of an active md or lvm device`,
    );
  pool.root.children.push(...spec.tops);
  pool.spares.push(...spec.spares);
  pool.caches.push(...spec.caches);
  const fresh = [
    ...spec.tops.flatMap(leavesOf),
    ...spec.spares,
    ...spec.caches,
  ];
  finish(
    call,
    pool,
    fresh.map(({ guid }) => guid),
  );
  return 0;
}

export function finish(
  call: Pick<Call, "world">,
  pool: Pool,
  fresh: readonly string[] = [],
): void {
  syncLabels(call.world, pool, { fresh });
  claimAll(call, pool);
  writeCachefile(call.world);
}

export function mustFindVdev(
  call: Pick<Call, "world">,
  pool: Pool,
  word: string,
  doing: string,
): Vdev {
  const found = findVdev(pool, word, new Disks(call.world));
  if (found === undefined)
    throw new Failure(`cannot ${doing}: no such device in pool`);
  return found;
}

export function set(call: Call, words: readonly string[]): number {
  const { world } = call;
  const [pair, name, device, ...more] = words;
  if (pair?.startsWith("-"))
    throw usage(call, `invalid option '${pair.slice(1, 2)}'`);
  if (pair === undefined) throw usage(call, "missing property=value argument");
  if (name === undefined) throw usage(call, "missing pool name");
  if (more.length > 0) throw usage(call, "too many pool names");
  const at = pair.indexOf("=");
  if (at < 0) throw usage(call, "missing value in property=value argument");
  const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
  const pool = importedPools(world).find((item) => item.name === name);
  // EINVAL
  if (pool === undefined)
    throw new Failure(`cannot open '${name}': is not a pool`, 22);
  if (device !== undefined) {
    const vdev =
      device === "root" || device === "root-0"
        ? pool.root
        : findVdev(pool, device, new Disks(world));
    if (vdev === undefined)
      throw new Failure(
        `cannot find '${device}' in '${name}': device not in pool`,
        22,
      );
    pool.vdevProperties[vdev.guid] = {
      ...pool.vdevProperties[vdev.guid],
      [key]: value,
    };
    finish(call, pool);
    return 0;
  }
  const problem = poolPropertyProblem(key, value, settingsOf(world));
  if (problem !== undefined)
    throw new Failure(`cannot set property for '${name}': ${problem}`, 255);
  if (key === "altroot")
    throw new Failure(
      `cannot set property for '${name}': property '${key}' can only be set during pool creation or import`,
      255,
    );
  if (key === "cachefile") pool.cachefile = value === "" ? undefined : value;
  else if (value === "" && (key === "comment" || key.includes(":")))
    delete pool.properties[key];
  else pool.properties[key] = value;
  finish(call, pool);
  return 0;
}
