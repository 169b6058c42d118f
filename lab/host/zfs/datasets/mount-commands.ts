import type { Call } from "../../tool";
import { type Json, schema, stringify } from "../json";
import { Failure, options, usage } from "../options";
import { importedPools } from "../pool";
import { isAtLeast23, settingsOf } from "../settings";
import { fullName } from "./dataset";
import { mustFind } from "./find";
import { mountAll, mountDataset, unmountAll } from "./mounting";
import { mountedAt, mountsOf } from "./mounts";
import { mountpointValue } from "./values";

export function mount(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = isAtLeast23(settingsOf(world))
    ? options(call, words, "ajRlvo:Of", { json: "j" })
    : options(call, words, "alvo:Of");
  const [name, ...more] = given.operands;
  if (given.has("a")) {
    if (name !== undefined) throw usage(call, "too many arguments");
    const problems = importedPools(world).flatMap((pool) =>
      mountAll(world, pool),
    );
    for (const problem of problems) call.stderr.write(`${problem}\n`);
    return problems.length > 0 ? 1 : 0;
  }
  if (name === undefined) {
    const mounted = mountsOf(world).flatMap(({ dataset, pool, target }) => {
      const owner = importedPools(world).find(({ guid }) => guid === pool);
      const path = Object.keys(owner?.datasets ?? {}).find(
        (at) => owner?.datasets[at]?.guid === dataset,
      );
      if (owner === undefined || path === undefined) return [];
      return [{ filesystem: fullName(owner, path), mountpoint: target }];
    });
    if (given.has("j")) {
      const datasets: Json = {};
      for (const item of mounted) datasets[item.filesystem] = item;
      call.stdout.write(`${stringify({ ...schema("zfs mount"), datasets })}\n`);
      return 0;
    }
    for (const { filesystem, mountpoint } of mounted)
      call.stdout.write(`${filesystem.padEnd(30)}  ${mountpoint}\n`);
    return 0;
  }
  if (more.length > 0) throw usage(call, "too many arguments");
  const { dataset, path, pool } = mustFind(world, name);
  const cannot = (why: string) => new Failure(`cannot mount '${name}': ${why}`);
  if (dataset.type !== "filesystem")
    throw cannot("operation not applicable to datasets of this type");
  const target = mountpointValue(pool, path).value;
  if (target === "legacy")
    throw cannot("legacy mountpoint\nuse mount(8) to mount this filesystem");
  if (target === "none") throw cannot("no mountpoint set");
  if (dataset.local.canmount === "off")
    throw cannot("'canmount' property is set to 'off'");
  if (mountedAt(world, dataset.guid) !== undefined)
    throw cannot("filesystem already mounted");
  const problem = mountDataset(world, pool, path);
  if (problem !== undefined) throw new Failure(problem);
  return 0;
}

export function unmount(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "afu");
  const [name, ...more] = given.operands;
  if (given.has("a")) {
    if (name !== undefined) throw usage(call, "too many arguments");
    for (const pool of importedPools(world)) unmountAll(world, pool);
    return 0;
  }
  if (name === undefined) throw usage(call, "missing filesystem argument");
  if (more.length > 0) throw usage(call, "too many arguments");
  const byPath = mountsOf(world).find(({ target }) => target === name);
  const found =
    byPath === undefined
      ? mustFind(world, name)
      : importedPools(world).flatMap((pool) =>
          Object.entries(pool.datasets)
            .filter(([, { guid }]) => guid === byPath.dataset)
            .map(([path, dataset]) => ({ pool, path, dataset, name })),
        )[0];
  if (found === undefined || mountedAt(world, found.dataset.guid) === undefined)
    throw new Failure(`cannot unmount '${name}': not currently mounted`);
  const { path, pool } = found;
  const inner = Object.keys(pool.datasets).filter(
    (at) => at === path || at.startsWith(path === "" ? "" : `${path}/`),
  );
  const busy = unmountAll(world, pool, (at) => inner.includes(at));
  if (busy !== undefined)
    throw new Failure(
      `cannot unmount '${mountedAt(world, found.dataset.guid)}': pool or dataset is busy`,
    );
  return 0;
}
