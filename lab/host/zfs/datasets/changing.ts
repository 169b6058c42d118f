import { cpSync, existsSync, rmSync } from "node:fs";
import { isBackstore } from "../../lio/kernel";
import type { Call } from "../../tool";
import type { HostWorld } from "../../world";
import { nice } from "../format";
import { assignment, Failure, options, usage } from "../options";
import { type Pool, savePool } from "../pool";
import { below, fullName, newDataset, parentPath, splitName } from "./dataset";
import { type Found, findDataset, mustFind, nameProblem } from "./find";
import { mountAll, unmountAll } from "./mounting";
import { folderOf, mountedAt } from "./mounts";
import { isUserProperty } from "./properties";
import { usedBytes } from "./values";

export function snapshot(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "ro:");
  const properties: Record<string, string> = {};
  for (const text of given.values("o")) {
    const [key, value] = assignment(call, text);
    if (!isUserProperty(key))
      throw new Failure(`cannot create snapshots : '${key}' is readonly`);
    properties[key] = value;
  }
  if (given.operands.length === 0)
    throw usage(call, "missing snapshot argument");
  const made: [Pool, string][] = [];
  for (const name of given.operands) {
    const cannot = (why: string) =>
      new Failure(`cannot create snapshot '${name}': ${why}`);
    const [of, snap] = name.split("@");
    if (snap === undefined || snap === "")
      throw usage(
        call,
        `could not create snapshots: invalid snapshot name '${name}'`,
      );
    const problem = nameProblem(name);
    if (problem !== undefined) throw cannot(problem);
    const { path, pool } = mustFind(world, of ?? "");
    const paths = given.has("r")
      ? [path, ...below(pool, path).filter((at) => !at.includes("@"))]
      : [path];
    for (const at of paths) {
      const full = `${at}@${snap}`;
      if (pool.datasets[full] !== undefined)
        throw new Failure(
          `cannot create snapshot '${fullName(pool, full)}': dataset already exists`,
        );
      made.push([pool, full]);
    }
  }
  // All of a command's at once, or none.
  for (const [pool, path] of made) {
    const of = pool.datasets[parentPath(path) ?? ""];
    const dataset = newDataset(world, pool, "snapshot");
    pool.datasets[path] = {
      ...dataset,
      local: properties,
      fixed: { ...of?.fixed },
    };
    if (of?.type === "filesystem") {
      const target = mountedAt(world, of.guid);
      const folder =
        target === undefined ? folderOf(world, of.guid) : world.path(target);
      if (existsSync(folder))
        cpSync(folder, folderOf(world, dataset.guid), { recursive: true });
    }
    pool.txg += 1;
    savePool(world, pool);
  }
  return 0;
}

export function destroy(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "vpndfrR");
  const [name, ...more] = given.operands;
  if (name === undefined) throw usage(call, "missing dataset argument");
  if (more.length > 0) throw usage(call, "too many arguments");
  const isDeep = given.has("r") || given.has("R");
  const doomed = name.includes("@")
    ? snapshotsOf(world, name, isDeep)
    : datasetsOf(world, name, isDeep);
  const verb = given.has("n") ? "would" : "will";
  if (given.has("v"))
    for (const { path, pool } of doomed)
      call.stdout.write(
        given.has("p")
          ? `destroy\t${fullName(pool, path)}\n`
          : `${verb} destroy ${fullName(pool, path)}\n`,
      );
  if (name.includes("@") && given.has("v")) {
    const freed = doomed.reduce(
      (sum, { path, pool }) => sum + usedBytes(world, pool, path),
      0,
    );
    call.stdout.write(
      given.has("p")
        ? `reclaim\t${freed}\n`
        : `${verb} reclaim ${nice(freed, "B")}\n`,
    );
  }
  if (given.has("n")) return 0;
  for (const { dataset, path, pool } of doomed) {
    const full = fullName(pool, path);
    if (isBackstore(world, `/dev/zvol/${full}`))
      throw new Failure(`cannot destroy '${full}': dataset is busy`);
    const busy = unmountAll(world, pool, (at) => at === path);
    if (busy !== undefined)
      throw new Failure(
        `cannot unmount '${mountedAt(world, dataset.guid)}': pool or dataset is busy`,
      );
    delete pool.datasets[path];
    rmSync(folderOf(world, dataset.guid), { recursive: true, force: true });
    pool.txg += 1;
    savePool(world, pool);
  }
  return 0;
}

/** "a@one,two" and "a@one%three", of the datasets below as well with -r. */
function snapshotsOf(world: HostWorld, name: string, isDeep: boolean): Found[] {
  const [of = "", list = ""] = name.split("@");
  const { path, pool } = mustFind(world, of);
  const paths = isDeep
    ? [path, ...below(pool, path).filter((at) => !at.includes("@"))]
    : [path];
  const found = paths.flatMap((at) => {
    const there = Object.keys(pool.datasets)
      .filter((key) => key.startsWith(`${at}@`))
      .sort(
        (a, b) =>
          (pool.datasets[a]?.createtxg ?? 0) -
          (pool.datasets[b]?.createtxg ?? 0),
      );
    return list.split(",").flatMap((word) => {
      const [from, to] = word.split("%");
      const names = there.map((key) => key.slice(key.indexOf("@") + 1));
      if (to === undefined)
        return there.filter((_, index) => names[index] === from);
      const first = from === "" ? 0 : names.indexOf(from ?? "");
      const last = to === "" ? there.length - 1 : names.indexOf(to);
      return there.slice(Math.max(0, first), last + 1);
    });
  });
  if (found.length === 0)
    throw new Failure(
      "could not find any snapshots to destroy; check snapshot names.",
    );
  return found.map((at) => foundAt(pool, at));
}

function datasetsOf(world: HostWorld, name: string, isDeep: boolean): Found[] {
  const found = mustFind(world, name);
  const { dataset, path, pool } = found;
  const inside = below(pool, path);
  if (path === "" && !isDeep)
    throw new Failure(
      `cannot destroy '${name}': operation does not apply to pools\nuse 'zfs destroy -r ${name}' to destroy all datasets in the pool\nuse 'zpool destroy ${name}' to destroy the pool itself`,
    );
  if (inside.length > 0 && !isDeep)
    throw new Failure(
      [
        `cannot destroy '${name}': ${dataset.type} has children`,
        "use '-r' to destroy the following datasets:",
        ...inside.map((at) => fullName(pool, at)),
      ].join("\n"),
    );
  const doomed = inside.reverse().map((at) => foundAt(pool, at));
  return path === "" ? doomed : [...doomed, found];
}

function foundAt(pool: Pool, path: string): Found {
  const dataset = pool.datasets[path];
  if (dataset === undefined) throw new Error(`${pool.name} has no ${path}.`);
  return { pool, path, dataset, name: fullName(pool, path) };
}

export function rename(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "fpru");
  const [from, to, ...more] = given.operands;
  if (from === undefined) throw usage(call, "missing source dataset argument");
  if (to === undefined) throw usage(call, "missing target dataset argument");
  if (more.length > 0) throw usage(call, "too many arguments");
  const { path, pool } = mustFind(world, from);
  const cannot = (why: string) =>
    new Failure(`cannot rename '${from}': ${why}`);
  const target = to.startsWith("@") ? `${from.split("@")[0]}${to}` : to;
  const [poolName, newPath] = splitName(target);
  const problem = nameProblem(target);
  if (problem !== undefined)
    throw new Failure(`cannot rename to '${to}': ${problem}`);
  if (path === "" || newPath === "")
    throw cannot("cannot rename a pool's root dataset");
  if (poolName !== pool.name)
    throw new Failure(
      `cannot rename to '${to}': datasets must be within same pool`,
    );
  if (findDataset(world, target) !== undefined)
    throw new Failure(`cannot rename '${from}': dataset already exists`);
  const parent = parentPath(newPath) ?? "";
  if (pool.datasets[parent] === undefined) {
    if (!given.has("p"))
      throw new Failure(`cannot create '${target}': parent does not exist`);
    pool.datasets[parent] = newDataset(world, pool, "filesystem");
  }
  const inside = below(pool, path);
  const wasMounted = [path, ...inside].filter(
    (at) => mountedAt(world, pool.datasets[at]?.guid ?? "") !== undefined,
  );
  const busy = unmountAll(
    world,
    pool,
    (at) => at === path || inside.includes(at),
  );
  if (busy !== undefined) throw cannot("pool or dataset is busy");
  for (const at of [path, ...inside]) {
    const dataset = pool.datasets[at];
    if (dataset === undefined) continue;
    delete pool.datasets[at];
    pool.datasets[`${newPath}${at.slice(path.length)}`] = dataset;
  }
  pool.txg += 1;
  savePool(world, pool);
  const mountedNow = wasMounted.map(
    (at) => `${newPath}${at.slice(path.length)}`,
  );
  if (!given.has("u")) mountAll(world, pool, (at) => mountedNow.includes(at));
  return 0;
}
