import type { Call } from "../../tool";
import { parseSize } from "../format";
import { assignment, Failure, options, usage } from "../options";
import { importedPools, savePool } from "../pool";
import { settingsOf } from "../settings";
import { newDataset, parentPath, splitName } from "./dataset";
import { nameProblem } from "./find";
import { mountDataset, mountsItself } from "./mounting";
import { canonical, isUserProperty, normalized, ruleOf } from "./properties";
import { availableBytes } from "./values";

export function create(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = options(call, words, "o:V:b:suvnPp", { parents: "p" });
  const size = given.value("V");
  const isVolume = size !== undefined;
  const [name, ...more] = given.operands;
  if (given.has("s") && !isVolume)
    throw usage(call, "'-s' can only be used when creating a volume");
  if (given.has("b") && !isVolume)
    throw usage(call, "'-b' can only be used when creating a volume");
  if (name === undefined)
    throw usage(call, `missing ${isVolume ? "volume" : "filesystem"} argument`);
  if (more.length > 0) throw usage(call, "too many arguments");
  const properties: Record<string, string> = {};
  for (const text of given.values("o")) {
    const [key, value] = assignment(call, text);
    if (properties[canonical(key)] !== undefined)
      throw new Failure(`property '${key}' specified multiple times`, 1);
    properties[canonical(key)] = value;
  }
  const cannot = (why: string) =>
    new Failure(`cannot create '${name}': ${why}`);
  const problem = nameProblem(name);
  if (problem !== undefined) throw cannot(problem);
  if (name.includes("@"))
    throw cannot("snapshot delimiter '@' is not expected here");
  const [poolName, path] = splitName(name);
  const pool = importedPools(world).find((item) => item.name === poolName);
  if (pool === undefined) {
    if (path === "") throw cannot("missing dataset name");
    throw cannot(`no such pool '${poolName}'`);
  }
  if (pool.datasets[path] !== undefined) {
    if (given.has("p")) return 0;
    throw cannot("dataset already exists");
  }
  const settings = settingsOf(world);
  const dataset = newDataset(world, pool, isVolume ? "volume" : "filesystem");
  for (const [key, value] of Object.entries(properties)) {
    if (isUserProperty(key)) {
      dataset.local[key] = value;
      continue;
    }
    const rule = ruleOf(key, settings);
    if (rule === undefined) throw cannot(`invalid property '${key}'`);
    if (!rule.kinds.includes(dataset.type))
      throw cannot(`'${key}' does not apply to datasets of this type`);
    if (rule.readonly === true) throw cannot(`'${key}' is readonly`);
    const checked = normalized(rule, value);
    if ("wrong" in checked) throw cannot(checked.wrong);
    if (rule.readonly === "once") dataset.fixed[rule.name] = checked.value;
    else dataset.local[rule.name] = checked.value;
  }
  const missing = parentsOf(path).filter(
    (at) => pool.datasets[at] === undefined,
  );
  if (missing.length > 0 && !given.has("p"))
    throw cannot("parent does not exist");
  const parent = pool.datasets[parentPath(path) ?? ""];
  if (parent !== undefined && parent.type !== "filesystem")
    throw cannot("parent is not a filesystem");
  if (isVolume) {
    const block = blockOf(
      given.value("b") ?? dataset.fixed.volblocksize,
      cannot,
    );
    const bytes = parseSize(size);
    if (bytes === undefined)
      throw usage(
        call,
        `bad volume size '${size}': bad numeric value '${size}'`,
      );
    if (bytes === 0n) throw cannot("volume size cannot be zero");
    const whole = Math.ceil(Number(bytes) / block) * block;
    dataset.fixed.volblocksize = `${block}`;
    dataset.fixed.volsize = `${whole}`;
    if (!given.has("s")) {
      const reserved = reservedBytes(whole, block);
      if (reserved > availableBytes(world, pool, parentPath(path) ?? ""))
        throw cannot("out of space");
      dataset.local.refreservation ??= `${reserved}`;
    }
  }
  const { reservation = 0, refreservation = 0 } = dataset.local;
  const kept = Math.max(Number(reservation) || 0, Number(refreservation) || 0);
  if (kept > availableBytes(world, pool, parentPath(path) ?? ""))
    throw cannot("out of space");
  if (given.has("n")) return 0;
  for (const at of missing) {
    pool.datasets[at] = newDataset(world, pool, "filesystem");
    pool.txg += 1;
  }
  dataset.createtxg = pool.txg;
  pool.datasets[path] = dataset;
  pool.txg += 1;
  savePool(world, pool);
  if (given.has("u")) return 0;
  let code = 0;
  for (const at of [...missing, path]) {
    if (!mountsItself(pool, at)) continue;
    const why = mountDataset(world, pool, at);
    if (why === undefined) continue;
    call.stderr.write(
      `${why}\nfilesystem successfully created, but it may not be mounted\n`,
    );
    code = 1;
  }
  return code;
}

/** Of a thick volume, with what its own records take at most. */
export function reservedBytes(volsize: number, block: number): number {
  return volsize + Math.ceil(volsize / block) * 256;
}

function blockOf(
  text: string | undefined,
  cannot: (why: string) => Failure,
): number {
  const block = text === undefined ? 16_384n : parseSize(text);
  const number = Number(block ?? 0);
  const isRight =
    number >= 512 && number <= 1024 ** 2 && Number.isInteger(Math.log2(number));
  if (!isRight)
    throw cannot("'volblocksize' must be power of 2 from 512B to 1M");
  return number;
}

/** From the pool's own downwards, without the last. */
function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
