import type { Call } from "../../tool";
import { spaceOf } from "../capacity";
import { Disks } from "../disks";
import { table } from "../format";
import { type Healths, healthOf, stateText } from "../health";
import { type Json, schema, stringify } from "../json";
import { findVdev, namedVdevs, vdevName } from "../names";
import { Failure, type Options, options, usage } from "../options";
import { importedPools, type Pool } from "../pool";
import { isAtLeast23, settingsOf } from "../settings";
import { parentOf, topOf, type Vdev } from "../tree";
import { jsonValue } from "./list";
import {
  canonicalPool,
  featuresOf,
  type PoolValue,
  poolRule,
  poolRuleNames,
  poolValue,
} from "./properties";
import { poolInfo, vdevInfo } from "./status-json";

const fields = ["name", "property", "value", "source"];

export function get(call: Call, words: readonly string[]): number {
  const { world } = call;
  const given = isAtLeast23(settingsOf(world))
    ? options(call, words, "jHpo:", {
        json: "j",
        "json-int": "1",
        "json-pool-key-guid": "3",
      })
    : options(call, words, "Hpo:");
  const columns = columnsOf(call, given, fields);
  if (given.has("1") && !given.has("j"))
    throw usage(call, "'--json-int' only works with '-j' option");
  const [list, ...names] = given.operands;
  if (list === undefined) throw usage(call, "missing property argument");
  const all = importedPools(world);
  const first = names[0];
  const isPool = (name: string) => all.some((pool) => pool.name === name);
  if (first !== undefined && !isPool(first))
    throw new Failure(
      `Cannot get properties of ${first}: no such pool available.`,
    );
  if (names.length > 1 && !names.every(isPool))
    return getVdevs(call, given, columns, list, first ?? "", names.slice(1));
  const pools =
    first === undefined ? all : all.filter(({ name }) => names.includes(name));
  return getPools(call, given, columns, list, pools);
}

export function columnsOf(
  call: Call,
  given: Options,
  known: readonly string[],
): readonly string[] {
  const asked = given.value("o")?.split(",");
  if (asked === undefined || asked[0] === "all") return fields;
  const wrong = asked.find((field) => !known.includes(field));
  if (wrong !== undefined) throw usage(call, `invalid column name '${wrong}'`);
  return asked;
}

function getPools(
  call: Call,
  given: Options,
  columns: readonly string[],
  list: string,
  pools: readonly Pool[],
): number {
  const { world } = call;
  const settings = settingsOf(world);
  const names =
    list === "all"
      ? poolRuleNames(settings)
      : list.split(",").map(canonicalPool);
  const isKnown = (name: string) =>
    name.includes(":") ||
    name === "name" ||
    poolRule(name, settings) !== undefined ||
    (name.startsWith("feature@") &&
      featuresOf(settings).includes(name.slice(8)));
  const wrong = names.find((name) => !isKnown(name));
  if (wrong !== undefined)
    throw usage(call, `bad property list: invalid property '${wrong}'`);
  const disks = new Disks(world);
  const exact = given.has("p") || given.has("1");
  const rows: string[][] = [];
  const found: Json = {};
  for (const pool of pools) {
    const health = healthOf(pool, disks);
    const asked =
      list === "all"
        ? [
            ...names,
            ...Object.keys(pool.properties).filter((key) => key.includes(":")),
          ]
        : names;
    const values: Json = {};
    for (const name of asked) {
      const value: PoolValue | undefined =
        name === "name"
          ? { value: pool.name, source: "none" }
          : poolValue(world, pool, health, name, exact, settings);
      if (value === undefined) continue;
      const row = { name: pool.name, property: name, ...value };
      rows.push(cells(columns, row));
      values[name] = jsonValue(value.value, value.source, given.has("1"));
    }
    found[given.has("3") ? pool.guid : pool.name] = {
      ...poolInfo(pool, health, given.has("1"), true),
      properties: values,
    };
  }
  if (given.has("j"))
    call.stdout.write(
      `${stringify({ ...schema("zpool get"), pools: found })}\n`,
    );
  else call.stdout.write(printed(columns, rows, given.has("H")));
  return 0;
}

export function cells(
  columns: readonly string[],
  row: Record<"name" | "property" | "value" | "source", string>,
): string[] {
  const source = row.source === "none" ? "-" : row.source;
  const texts: Record<string, string> = { ...row, source };
  return columns.map((column) => texts[column] ?? "-");
}

export function printed(
  columns: readonly string[],
  rows: readonly string[][],
  scripted: boolean,
): string {
  if (rows.length === 0) return "";
  const titled = columns.map((column) => ({ title: column.toUpperCase() }));
  return table(titled, rows, scripted);
}

const vdevProperties = [
  "capacity",
  "state",
  "guid",
  "asize",
  "psize",
  "ashift",
  "size",
  "free",
  "allocated",
  "parity",
  "path",
  "devid",
  "numchildren",
  "read_errors",
  "write_errors",
  "checksum_errors",
  "removing",
  "allocating",
  "failfast",
  "comment",
];

function getVdevs(
  call: Call,
  given: Options,
  columns: readonly string[],
  list: string,
  poolName: string,
  names: readonly string[],
): number {
  const { world } = call;
  const disks = new Disks(world);
  const pool = importedPools(world).find(({ name }) => name === poolName);
  if (pool === undefined) return 1;
  const health = healthOf(pool, disks);
  const vdevs = chosen(call, pool, disks, names);
  const properties = list === "all" ? vdevProperties : list.split(",");
  const wrong = properties.find(
    (name) => !vdevProperties.includes(name) && !name.includes(":"),
  );
  if (wrong !== undefined)
    throw usage(call, `bad property list: invalid property '${wrong}'`);
  const rows: string[][] = [];
  const found: Json = {};
  for (const [name, vdev] of vdevs) {
    const values: Json = {};
    for (const property of properties) {
      const value = vdevValue(pool, vdev, health, property);
      if (value === undefined) continue;
      rows.push(cells(columns, { name, property, ...value }));
      values[property] = jsonValue(value.value, value.source, given.has("1"));
    }
    const own = health.get(vdev.guid) ?? { state: "ONLINE" };
    const bias = topOf(pool.root, vdev.guid)?.bias;
    found[name] = {
      ...vdevInfo(disks, vdev, name, own, { bias }, given.has("1")),
      type: "VDEV",
      properties: values,
    };
  }
  if (given.has("j"))
    call.stdout.write(
      `${stringify({
        ...schema("zpool get"),
        vdevs: found,
        pool: poolInfo(pool, health, given.has("1"), false),
      })}\n`,
    );
  else call.stdout.write(printed(columns, rows, given.has("H")));
  return 0;
}

function chosen(
  call: Call,
  pool: Pool,
  disks: Disks,
  names: readonly string[],
): [string, Vdev][] {
  if (names.length === 1 && names[0] === "all-vdevs")
    return namedVdevs(pool)
      .filter(([, vdev]) => !pool.spares.includes(vdev))
      .map(([name, vdev]) => [vdev.kind === "root" ? "root-0" : name, vdev]);
  return names.map((name) => {
    if (name === "root" || name === "root-0") return ["root-0", pool.root];
    const vdev = findVdev(pool, name, disks);
    if (vdev === undefined) {
      throw usage(
        call,
        `Expected a list of vdevs in "${pool.name}", but got:\n\t"${name}"\n`,
      );
    }
    const siblings = parentOf(pool.root, vdev.guid)?.children ?? [];
    return [vdevName(vdev, siblings.indexOf(vdev)), vdev];
  });
}

function vdevValue(
  pool: Pool,
  vdev: Vdev,
  health: Healths,
  name: string,
): PoolValue | undefined {
  const none = (value: string): PoolValue => ({ value, source: "none" });
  const top = topOf(pool.root, vdev.guid);
  const set = pool.vdevProperties[vdev.guid]?.[name];
  switch (name) {
    case "ashift":
      return none(`${top?.ashift ?? 0}`);
    case "guid":
      return none(vdev.guid);
    case "state":
      return none(stateText(health.get(vdev.guid) ?? { state: "ONLINE" }));
    case "size":
    case "asize":
      return none(`${spaceOf(vdev)}`);
    case "psize":
      return none(vdev.kind === "disk" ? `${vdev.sizeBytes ?? 0}` : "0");
    case "free":
      return none(`${spaceOf(vdev)}`);
    case "allocated":
    case "capacity":
    case "read_errors":
    case "write_errors":
    case "checksum_errors":
      return none("0");
    case "parity":
      return none(`${vdev.parity ?? 0}`);
    case "path":
      return none(vdev.path ?? "-");
    case "devid":
      return none(vdev.devid ?? "-");
    case "numchildren":
      return none(`${vdev.children.length}`);
    case "removing":
      return none("off");
    case "allocating":
    case "failfast":
      return set === undefined
        ? { value: "on", source: "default" }
        : { value: set, source: "local" };
    default:
      return set === undefined
        ? { value: "-", source: "default" }
        : { value: set, source: "local" };
  }
}
