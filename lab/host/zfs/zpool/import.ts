import type { Call } from "../../tool";
import type { HostWorld } from "../../world";
import { readCachefile, writeCachefile } from "../cachefile";
import { type Candidate, candidates } from "../candidates";
import { mountAll } from "../datasets/mounting";
import { Disks } from "../disks";
import { ctime } from "../format";
import { healthOf } from "../health";
import { syncLabels } from "../labels";
import { assignment, Failure, options, usage } from "../options";
import { importedPools, markImported, savePool } from "../pool";
import { startResilver } from "../scan";
import { settingsOf } from "../settings";
import { leavesOf } from "../tree";
import { claimAll, poolNameProblem } from "./create";
import { listing } from "./import-listing";
import { poolPropertyProblem } from "./properties";

interface How {
  force: boolean;
  mount: boolean;
  altroot?: string;
  newName?: string;
  properties: Readonly<Record<string, string>>;
}

export function importPools(call: Call, words: readonly string[]): number {
  const { world } = call;
  const settings = settingsOf(world);
  const given = options(call, words, "aCc:d:DEfFlmnNo:R:stT:VX", {
    "rewind-to-checkpoint": "5",
  });
  const folders = given.values("d");
  const cachefile = given.value("c");
  if (cachefile !== undefined && folders.length > 0)
    throw usage(call, "-c is incompatible with -d");
  if ((given.has("n") || given.has("X")) && !given.has("F"))
    throw usage(call, "-n or -X only meaningful with -F");
  const [wanted, newName, ...more] = given.operands;
  if (given.has("a") ? wanted !== undefined : more.length > 0)
    throw usage(call, "too many arguments");
  if (wanted === undefined && call.user !== "root")
    throw new Failure("cannot discover pools: permission denied");
  const properties: Record<string, string> = {};
  for (const text of given.values("o")) {
    if (!text.includes("=")) continue;
    const [name, value] = assignment(call, text);
    const problem = poolPropertyProblem(name, value, settings);
    if (problem?.startsWith("invalid property"))
      throw new Failure(
        `property '${name}' is not a valid pool or vdev property`,
      );
    properties[name] = value;
  }
  const how: How = {
    force: given.has("f"),
    mount: !given.has("N"),
    altroot: given.value("R"),
    newName,
    properties,
  };
  const cached = cachefile && readCachefile(world, cachefile);
  const found = candidates(world, folders).filter(
    ({ pool }) =>
      (pool.state === "destroyed") === given.has("D") &&
      (!cached || cached.includes(pool.guid)),
  );
  if (wanted !== undefined) return importOne(call, found, wanted, how);
  if (!given.has("a")) {
    const disks = new Disks(world);
    call.stdout.write(
      found.map((item) => listing(item, disks, settings.hostid)).join("\n"),
    );
    if (found.length === 0) call.stderr.write("no pools available to import\n");
    return 0;
  }
  if (found.length === 0) call.stderr.write("no pools available to import\n");
  let code = 0;
  for (const item of found) {
    const problem = bringIn(world, item, how);
    if (problem === undefined) continue;
    call.stderr.write(`${problem}\n`);
    code = 1;
  }
  return code;
}

function importOne(
  call: Call,
  found: readonly Candidate[],
  wanted: string,
  how: How,
): number {
  const isGuid = /^\d+$/.test(wanted);
  const matching = found.filter(({ pool }) =>
    isGuid ? pool.guid === wanted : pool.name === wanted,
  );
  const exists = importedPools(call.world).some((pool) =>
    isGuid ? pool.guid === wanted : pool.name === wanted,
  );
  const [one, other] = matching;
  if (exists && one === undefined)
    throw new Failure(
      `cannot import '${wanted}': a pool with that name is already created/imported,\nand no additional pools with that name were found`,
    );
  if (exists && (how.newName === undefined || how.newName === wanted))
    throw new Failure(
      `cannot import '${wanted}': a pool with that name already exists\nuse the form 'zpool import <pool | id> <newpool>' to give it a new name`,
    );
  if (other !== undefined)
    throw new Failure(
      `cannot import '${wanted}': more than one matching pool\nimport by numeric ID instead`,
    );
  if (one === undefined)
    throw new Failure(`cannot import '${wanted}': no such pool available`);
  const problem = bringIn(call.world, one, how);
  if (problem !== undefined) throw new Failure(problem);
  const problems = how.mount
    ? mountAll(call.world, importedOf(call.world, one.pool.guid))
    : [];
  if (problems.length > 0)
    call.stderr.write(
      `${problems.join("\n")}\nImport was successful, but unable to mount some datasets\n`,
    );
  return 0;
}

function importedOf(world: HostWorld, guid: string) {
  const pool = importedPools(world).find((item) => item.guid === guid);
  if (pool === undefined) throw new Error(`The pool ${guid} is not imported.`);
  return pool;
}

/** Undefined: it is imported, and nothing of it is mounted yet. */
export function bringIn(
  world: HostWorld,
  { hostid, hostname, pool, timestamp }: Candidate,
  how: How,
): string | undefined {
  const { name } = pool;
  const settings = settingsOf(world);
  if (pool.state !== "exported" && hostid !== settings.hostid && !how.force)
    return `cannot import '${name}': pool was previously in use from another system.\nLast accessed by ${hostname} (hostid=${hostid.replace(/^0+(?=.)/, "")}) at ${ctime(timestamp)}\nThe pool can be imported, use 'zpool import -f' to import the pool.`;
  const newName = how.newName ?? name;
  const as = newName === name ? `'${name}'` : `'${name}' as '${newName}'`;
  const nameProblem = poolNameProblem(newName);
  if (nameProblem !== undefined) return `cannot import ${as}: ${nameProblem}`;
  if (importedPools(world).some((other) => other.name === newName))
    return `cannot import ${as}: a pool with that name already exists`;
  const disks = new Disks(world);
  const health = healthOf(pool, disks);
  if (health.get(pool.root.guid)?.state === "CANT_OPEN")
    return `cannot import ${as}: no such pool or dataset\n\tDestroy and re-create the pool from\n\ta backup source.`;
  for (const leaf of leavesOf(pool.root)) {
    if (health.get(leaf.guid)?.state !== "CANT_OPEN") continue;
    leaf.notPresent = true;
    leaf.stale = true;
  }
  pool.name = newName;
  pool.state = "active";
  pool.hostid = settings.hostid;
  pool.hostname = world.name;
  const { altroot, cachefile, readonly, ...kept } = how.properties;
  Object.assign(pool.properties, kept);
  if (readonly !== undefined) pool.properties.readonly = readonly;
  const root = how.altroot ?? altroot;
  if (root !== undefined) pool.altroot = root;
  if (cachefile !== undefined) pool.cachefile = cachefile;
  else if (root !== undefined) pool.cachefile = "none";
  if (pool.scan?.state === "SCANNING") pool.scan.startedAt = Date.now();
  claimAll({ world }, pool);
  syncLabels(world, pool);
  startResilverOfWhatIsThere(world, pool);
  savePool(world, pool);
  markImported(world, pool.guid);
  writeCachefile(world);
  return undefined;
}

function startResilverOfWhatIsThere(
  world: HostWorld,
  pool: Candidate["pool"],
): void {
  const health = healthOf(pool, new Disks(world));
  const isNeeded = leavesOf(pool.root).some(
    ({ guid, stale }) => stale && health.get(guid)?.state === "ONLINE",
  );
  if (isNeeded) startResilver(world, pool);
}
