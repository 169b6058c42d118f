import type { Call } from "../../tool";
import { spaceOf } from "../capacity";
import { Disks } from "../disks";
import { type Column, nice, table } from "../format";
import { type Healths, healthOf, stateText } from "../health";
import { type Json, schema, stringify } from "../json";
import { vdevName } from "../names";
import { options, usage } from "../options";
import type { Pool } from "../pool";
import { isAtLeast23, settingsOf } from "../settings";
import type { Vdev } from "../tree";
import { canonicalPool, poolRule, poolValue } from "./properties";
import { openPools } from "./status";
import { poolInfo, vdevInfo } from "./status-json";

const usual =
  "name,size,allocated,free,checkpoint,expandsize,fragmentation,capacity,dedupratio,health,altroot";

const titles: Readonly<Record<string, string>> = {
  allocated: "ALLOC",
  checkpoint: "CKPOINT",
  expandsize: "EXPANDSZ",
  fragmentation: "FRAG",
  capacity: "CAP",
  dedupratio: "DEDUP",
};

const leftAligned = ["name", "health", "altroot", "comment", "guid"];

export function list(call: Call, words: readonly string[]): number {
  const { world } = call;
  const settings = settingsOf(world);
  const given = isAtLeast23(settings)
    ? options(call, words, "gjHLo:pPT:v", {
        json: "j",
        "json-int": "1",
        "json-pool-key-guid": "3",
      })
    : options(call, words, "gHLo:pPT:v");
  if (given.has("1") && !given.has("j"))
    throw usage(call, "'--json-int' only works with '-j' option");
  const properties = (given.value("o") ?? usual).split(",").map(canonicalPool);
  const wrong = properties.find(
    (name) =>
      name !== "name" &&
      poolRule(name, settings) === undefined &&
      !name.startsWith("feature@"),
  );
  if (wrong !== undefined)
    throw usage(call, `bad property list: invalid property '${wrong}'`);
  const [pools, code] = openPools(
    call,
    given.operands.filter((word) => !/^[\d.]+$/.test(word)),
  );
  const exact = given.has("p") || given.has("1");
  const asInteger = given.has("1");
  const disks = new Disks(world);
  const name = (vdev: Vdev, id: number) =>
    vdevName(
      vdev,
      id,
      { guid: given.has("g"), follow: given.has("L"), path: given.has("P") },
      disks,
    );
  const cell = (pool: Pool, health: Healths, property: string) =>
    property === "name"
      ? pool.name
      : (poolValue(world, pool, health, property, exact, settings)?.value ??
        "-");
  if (given.has("j")) {
    const found: Json = {};
    for (const pool of pools) {
      const health = healthOf(pool, disks);
      const values: Json = {};
      for (const property of properties.filter((item) => item !== "name"))
        values[property] = jsonValue(
          cell(pool, health, property),
          poolValue(world, pool, health, property, exact, settings)?.source ??
            "none",
          asInteger,
        );
      const info = poolInfo(pool, health, asInteger, true);
      found[given.has("3") ? pool.guid : pool.name] = {
        ...info,
        properties: values,
        vdevs: given.has("v")
          ? jsonVdevs(disks, pool, health, name, asInteger)
          : undefined,
      };
    }
    if (code === 0)
      call.stdout.write(
        `${stringify({ ...schema("zpool list"), pools: found })}\n`,
      );
    return code;
  }
  const rows = pools.flatMap((pool) => {
    const health = healthOf(pool, disks);
    const row = properties.map((property) => cell(pool, health, property));
    if (!given.has("v")) return [row];
    return [row, ...vdevRows(pool, health, name, properties, exact)];
  });
  const columns: Column[] = properties.map((property) => ({
    title: titles[property] ?? property.toUpperCase(),
    ...(leftAligned.includes(property) ? {} : { align: "right" as const }),
  }));
  if (rows.length > 0) call.stdout.write(table(columns, rows, given.has("H")));
  else if (!given.has("H") && code === 0)
    call.stderr.write("no pools available\n");
  return code;
}

export function jsonValue(
  value: string,
  source: string,
  asInteger = false,
  from = "-",
): Json {
  return {
    value: asInteger && /^\d+$/.test(value) ? BigInt(value) : value,
    source: { type: source.toUpperCase(), data: from },
  };
}

function vdevRows(
  pool: Pool,
  health: Healths,
  name: (vdev: Vdev, id: number) => string,
  properties: readonly string[],
  exact: boolean,
): string[][] {
  const rows: string[][] = [];
  const size = (bytes: number) => (exact ? `${bytes}` : nice(bytes));
  const row = (vdev: Vdev, title: string, depth: number) =>
    properties.map((property) => {
      if (property === "name") return `${" ".repeat(depth)}${title}`;
      if (property === "health")
        return stateText(health.get(vdev.guid) ?? { state: "ONLINE" });
      const isTop = pool.root.children.includes(vdev);
      if (property === "size")
        return isTop || vdev.kind === "disk" ? size(spaceOf(vdev)) : "-";
      if (!isTop) return "-";
      if (property === "fragmentation") return exact ? "0" : "0%";
      if (property === "capacity") return exact ? "0" : "0.00%";
      if (property === "free") return size(spaceOf(vdev));
      return "-";
    });
  const walk = (vdev: Vdev, title: string, depth: number) => {
    rows.push(row(vdev, title, depth));
    for (const [id, child] of vdev.children.entries())
      walk(child, name(child, id), depth + 2);
  };
  for (const [id, top] of pool.root.children.entries())
    walk(top, name(top, id), 2);
  for (const [title, vdevs] of [
    ["cache", pool.caches],
    ["spare", pool.spares],
  ] as const) {
    if (vdevs.length === 0) continue;
    rows.push(properties.map((item) => (item === "name" ? title : "-")));
    for (const [id, vdev] of vdevs.entries())
      rows.push(row(vdev, name(vdev, id), 2));
  }
  return rows;
}

function jsonVdevs(
  disks: Disks,
  pool: Pool,
  health: Healths,
  name: (vdev: Vdev, id: number) => string,
  asInteger: boolean,
): Json {
  const of = (vdev: Vdev, title: string, bias: Vdev["bias"]): Json => {
    const own = health.get(vdev.guid) ?? { state: "ONLINE" };
    const children: Json = {};
    for (const [id, child] of vdev.children.entries())
      children[name(child, id)] = of(child, name(child, id), bias);
    return {
      ...vdevInfo(disks, vdev, title, own, { bias }, asInteger),
      properties: {
        size: jsonValue(nice(spaceOf(vdev)), "none"),
        health: jsonValue(stateText(own), "none"),
      },
      vdevs: vdev.children.length > 0 ? children : undefined,
    };
  };
  const found: Json = {};
  for (const [id, top] of pool.root.children.entries())
    found[name(top, id)] = of(top, name(top, id), top.bias);
  return found;
}
