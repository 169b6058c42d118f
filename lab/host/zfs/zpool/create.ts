import { existsSync, readdirSync } from "node:fs";
import type { Call } from "../../tool";
import { writeCachefile } from "../cachefile";
import { newDataset } from "../datasets/dataset";
import { mountDataset } from "../datasets/mounting";
import {
  canonical,
  isUserProperty,
  normalized,
  ruleOf,
} from "../datasets/properties";
import { Disks } from "../disks";
import { syncLabels } from "../labels";
import { assignment, Failure, options, usage } from "../options";
import { importedPools, markImported, type Pool } from "../pool";
import { newGuid, settingsOf } from "../settings";
import { leavesOf } from "../tree";
import { headed, inUse } from "./in-use";
import { layout } from "./layout";
import {
  canonicalPool,
  featuresOf,
  poolPropertyProblem,
  poolRule,
} from "./properties";
import { mismatches } from "./replication";
import { giveGuids, specification } from "./specification";
import { sameDevice, takeDisks } from "./take-disks";

const smallest = 64 * 1024 * 1024;

export function create(call: Call, words: readonly string[]): number {
  const { world } = call;
  const settings = settingsOf(world);
  const given = options(call, words, "fndR:m:o:O:t:");
  const properties: Record<string, string> = {};
  for (const text of given.values("o")) {
    const [name, value] = assignment(call, text);
    const isFeature = name.startsWith("feature@");
    const isKnown =
      poolRule(name, settings) !== undefined ||
      (isFeature && featuresOf(settings).includes(name.slice(8)));
    if (!isKnown)
      throw new Failure(
        `property '${name}' is not a valid pool or vdev property`,
      );
    if (properties[canonicalPool(name)] !== undefined)
      throw new Failure(`property '${name}' specified multiple times`);
    properties[canonicalPool(name)] = value;
  }
  const rootProperties: Record<string, string> = {};
  for (const text of given.values("O")) {
    const [name, value] = assignment(call, text);
    const rule = ruleOf(name, settings);
    if (!isUserProperty(name) && !rule?.kinds.includes("filesystem"))
      throw new Failure(
        `property '${name}' is not a valid filesystem property`,
      );
    if (rootProperties[canonical(name)] !== undefined)
      throw new Failure(`property '${name}' specified multiple times`);
    rootProperties[canonical(name)] = value;
  }
  const [name, ...vdevs] = given.operands;
  if (name === undefined) throw usage(call, "missing pool name argument");
  if (vdevs.length === 0) throw usage(call, "missing vdev specification");
  if (name.includes("/"))
    throw new Failure(
      `cannot create '${name}': invalid character '/' in pool name\nuse 'zfs create' to create a dataset`,
    );
  const force = given.has("f");
  const disks = new Disks(world);
  const spec = specification(vdevs, disks);
  const use = inUse(disks, spec, { force });
  if (use.plain.length + use.problems.length > 0)
    throw new Failure(
      [
        ...use.plain,
        ...(use.problems.length > 0 ? [headed(force, use.problems)] : []),
      ].join("\n"),
    );
  if (!force) {
    const problems = mismatches(spec.tops);
    if (problems.length > 0) throw new Failure(headed(force, problems));
  }
  if (spec.tops.filter(({ bias }) => bias === undefined).length === 0)
    throw new Failure(
      headed(force, ["at least one general top-level vdev must be specified"]),
    );
  if (!given.has("n")) {
    giveGuids(disks, spec, Number(properties.ashift ?? "0") || 12);
    takeDisks(world, spec);
  }
  const altroot = given.value("R");
  const mountpoint = given.value("m");
  checkMountpoint(call, name, mountpoint, altroot);
  if (mountpoint !== undefined) rootProperties.mountpoint = mountpoint;
  if (given.has("n")) {
    call.stdout.write(
      `would create '${name}' with the following layout:\n\n${layout(name, spec)}`,
    );
    return 0;
  }
  const nameProblem = poolNameProblem(name);
  if (nameProblem !== undefined)
    throw new Failure(
      `cannot create '${name}': ${nameProblem}\npool name may have been omitted`,
    );
  for (const [key, value] of Object.entries(properties)) {
    const problem = poolPropertyProblem(key, value, settings);
    if (problem !== undefined)
      throw new Failure(`cannot create '${name}': ${problem}`);
  }
  const { fixed, local } = rootValues(name, rootProperties, settings);
  if (importedPools(world).some((pool) => pool.name === name))
    throw new Failure(`cannot create '${name}': pool already exists`);
  if (sameDevice(world, spec))
    throw new Failure(
      `cannot create '${name}': one or more vdevs refer to the same device, or one of\nthe devices is part of an active md or lvm device`,
    );
  const isTooSmall = spec.tops
    .flatMap(leavesOf)
    .some(({ sizeBytes = 0 }) => sizeBytes < smallest);
  if (isTooSmall)
    throw new Failure(
      `cannot create '${name}': one or more devices is less than the minimum size (64M)`,
    );
  const { cachefile, altroot: _, ...kept } = properties;
  const guid = newGuid(world);
  const pool: Pool = {
    name,
    guid,
    state: "active",
    txg: 4,
    root: { kind: "root", guid, createdAt: Date.now(), children: spec.tops },
    spares: spec.spares,
    caches: spec.caches,
    properties: kept,
    vdevProperties: {},
    altroot,
    cachefile: cachefile ?? (altroot === undefined ? undefined : "none"),
    datasets: {},
    history: [],
    createdAt: Date.now(),
    hostid: settings.hostid,
    hostname: world.name,
  };
  pool.datasets[""] = {
    ...newDataset(world, pool, "filesystem"),
    createtxg: 1,
    local,
    fixed,
  };
  if (pool.properties.ashift === "0") delete pool.properties.ashift;
  const fresh = [
    ...spec.tops.flatMap(leavesOf),
    ...spec.spares,
    ...spec.caches,
  ];
  syncLabels(world, pool, { fresh: fresh.map((leaf) => leaf.guid) });
  markImported(world, guid);
  claimAll(call, pool);
  writeCachefile(world);
  const problem =
    (local.canmount ?? "on") === "on"
      ? mountDataset(world, pool, "")
      : undefined;
  if (problem === undefined) return 0;
  call.stderr.write(`${problem}\n`);
  return 1;
}

function rootValues(
  name: string,
  given: Readonly<Record<string, string>>,
  settings: ReturnType<typeof settingsOf>,
) {
  const local: Record<string, string> = {};
  const fixed: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const rule = ruleOf(key, settings);
    if (rule === undefined) {
      local[key] = value;
      continue;
    }
    if (rule.readonly === true)
      throw new Failure(`cannot create '${name}': '${key}' is readonly`);
    const checked = normalized(rule, value);
    if ("wrong" in checked)
      throw new Failure(`cannot create '${name}': ${checked.wrong}`);
    if (rule.readonly === "once") fixed[key] = checked.value;
    else local[key] = checked.value;
  }
  return { local, fixed };
}

function checkMountpoint(
  { world }: Call,
  name: string,
  mountpoint: string | undefined,
  altroot: string | undefined,
): void {
  if (altroot !== undefined && !altroot.startsWith("/"))
    throw new Failure(
      `invalid alternate root '${altroot}': must be an absolute path`,
    );
  if (mountpoint === "legacy" || mountpoint === "none") return;
  if (mountpoint !== undefined && !mountpoint.startsWith("/"))
    throw new Failure(
      `invalid mountpoint '${mountpoint}': must be an absolute path, 'legacy', or 'none'`,
    );
  const target = `${altroot ?? ""}${mountpoint ?? `/${name}`}`;
  const path = world.path(target);
  if (existsSync(path) && readdirSync(path).length > 0)
    throw new Failure(
      `mountpoint '${target}' exists and is not empty\nuse '-m' option to provide a different default`,
    );
}

const reserved = ["mirror", "raidz", "draid", "spare"];

export function poolNameProblem(name: string): string | undefined {
  if (/^[^A-Za-z]/.test(name)) return "name must begin with a letter";
  const bad = /[^A-Za-z0-9_.: -]/.exec(name)?.[0];
  if (bad !== undefined) return `invalid character '${bad}' in pool name`;
  const isReserved =
    name === "log" || reserved.some((word) => name.startsWith(word));
  if (isReserved) return "name is reserved";
  return name.length > 255 ? "name is too long" : undefined;
}

/** The kernel keeps an imported pool's disks open for itself alone. */
export function claimAll({ world }: Pick<Call, "world">, pool: Pool): void {
  const disks = new Disks(world);
  for (const leaf of [...leavesOf(pool.root), ...pool.spares, ...pool.caches]) {
    const device = leaf.path === undefined ? undefined : disks.find(leaf.path);
    if (device !== undefined) disks.claim(device, `zfs pool ${pool.name}`);
  }
}
