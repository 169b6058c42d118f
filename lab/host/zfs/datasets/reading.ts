import type { Call } from "../../tool";
import type { HostWorld } from "../../world";
import { type Column, table } from "../format";
import { type Json, schema, stringify } from "../json";
import { type Options, options, usage } from "../options";
import { importedPools, type Pool } from "../pool";
import { isAtLeast23, settingsOf } from "../settings";
import { cells, columnsOf, printed } from "../zpool/get";
import { jsonValue } from "../zpool/list";
import { below, byName, type Dataset, fullName, parentPath } from "./dataset";
import { type Found, findDataset } from "./find";
import { canonical, isUserProperty, ruleOf, rulesFor } from "./properties";
import { propertyOf, type Value } from "./values";

const types: Readonly<Record<string, readonly Dataset["type"][]>> = {
  filesystem: ["filesystem"],
  fs: ["filesystem"],
  volume: ["volume"],
  vol: ["volume"],
  snapshot: ["snapshot"],
  snap: ["snapshot"],
  bookmark: [],
  all: ["filesystem", "volume", "snapshot"],
};

function typesOf(call: Call, text: string): Set<Dataset["type"]> {
  const found = new Set<Dataset["type"]>();
  for (const word of text.split(",")) {
    const own = types[word];
    if (own === undefined) throw usage(call, `invalid type '${word}'`);
    for (const type of own) found.add(type);
  }
  return found;
}

/** What operands, -r, -d and -t choose, in the order of names. */
function chosen(
  call: Call,
  given: Options,
  wanted: ReadonlySet<Dataset["type"]>,
  isList: boolean,
): [Found[], number] {
  const { world } = call;
  const depth = given.value("d");
  const deep = given.has("r") || depth !== undefined;
  if (given.operands.length === 0) {
    const all = importedPools(world).flatMap((pool) =>
      ["", ...below(pool, "")].map((path) => foundIn(pool, path)),
    );
    return [
      all.filter(({ dataset }) => wanted.has(dataset.type)).sort(inOrder),
      0,
    ];
  }
  let code = 0;
  const found: Found[] = [];
  for (const name of given.operands) {
    const own = findDataset(world, name);
    if (own === undefined) {
      call.stderr.write(`cannot open '${name}': dataset does not exist\n`);
      code = 1;
      continue;
    }
    const { path, pool } = own;
    const level = (at: string) =>
      at.split(/[/@]/).length - (path === "" ? 0 : path.split(/[/@]/).length);
    const isOwn =
      wanted.has(own.dataset.type) ||
      (isList && !given.has("t") && own.dataset.type === "snapshot");
    // "zfs list -t snapshot tank" lists those of tank itself.
    const isFlat = isList && !deep && !isOwn && wanted.has("snapshot");
    const inside = below(pool, path).filter((at) => {
      if (isFlat) return at.includes("@") && parentPath(at) === path;
      return deep && (depth === undefined || level(at) <= Number(depth));
    });
    if (isOwn) found.push(own);
    for (const at of inside) {
      const item = foundIn(pool, at);
      if (wanted.has(item.dataset.type)) found.push(item);
    }
  }
  const unique = new Map(found.map((item) => [item.name, item]));
  return [[...unique.values()].sort(inOrder), code];
}

const inOrder = (a: Found, b: Found) =>
  a.pool.name === b.pool.name
    ? byName(a.path, b.path)
    : a.pool.name < b.pool.name
      ? -1
      : 1;

function foundIn(pool: Pool, path: string): Found {
  const dataset = pool.datasets[path];
  if (dataset === undefined) throw new Error(`${pool.name} has no ${path}.`);
  return { pool, path, dataset, name: fullName(pool, path) };
}

const usual = "name,used,available,referenced,mountpoint";
const titles: Readonly<Record<string, string>> = {
  available: "AVAIL",
  referenced: "REFER",
  compressratio: "RATIO",
  reservation: "RESERV",
  refreservation: "REFRESERV",
  volblocksize: "VOLBLOCK",
  recordsize: "RECSIZE",
  compression: "COMPRESS",
  readonly: "RDONLY",
};

const json = {
  json: "j",
  "json-int": "1",
};

export function list(call: Call, words: readonly string[]): number {
  const { world } = call;
  const settings = settingsOf(world);
  const has23 = isAtLeast23(settings);
  const given = has23
    ? options(call, words, "jHS:d:o:prs:t:", json)
    : options(call, words, "HS:d:o:prs:t:");
  if (given.has("1") && !given.has("j"))
    throw usage(call, "'--json-int' only works with '-j' option");
  const names = (given.value("o") ?? usual).split(",").map(canonical);
  checkNames(
    call,
    world,
    names.filter((name) => name !== "name" && name !== "space"),
  );
  const wanted = typesOf(call, given.value("t") ?? "filesystem,volume");
  const [found, code] = chosen(call, given, wanted, true);
  sort(world, found, given);
  const exact = given.has("p") || given.has("1");
  const valueFor = (item: Found, name: string): Value =>
    name === "name"
      ? { value: item.name, source: "none" }
      : (propertyOf(world, item.pool, item.path, name, exact) ?? {
          value: "-",
          source: "none",
        });
  if (given.has("j")) {
    const datasets: Json = {};
    for (const item of found) {
      const properties: Json = {};
      for (const name of names.filter((key) => key !== "name"))
        properties[name] = sourced(valueFor(item, name), given.has("1"));
      datasets[item.name] = { ...info(item, given.has("1")), properties };
    }
    if (code === 0)
      call.stdout.write(`${stringify({ ...schema("zfs list"), datasets })}\n`);
    return code;
  }
  if (found.length === 0) {
    if (code === 0 && given.operands.length === 0)
      call.stderr.write("no datasets available\n");
    return code;
  }
  const columns: Column[] = names.map((name) => ({
    title: titles[name] ?? name.toUpperCase(),
    ...(isNumeric(world, name) ? { align: "right" as const } : {}),
  }));
  const rows = found.map((item) =>
    names.map((name) => valueFor(item, name).value),
  );
  call.stdout.write(table(columns, rows, given.has("H")));
  return code;
}

const sizes = [
  "used",
  "available",
  "referenced",
  "usedbydataset",
  "usedbychildren",
  "usedbysnapshots",
  "usedbyrefreservation",
  "written",
  "logicalused",
  "logicalreferenced",
  "compressratio",
  "creation",
];

function isNumeric(world: HostWorld, name: string): boolean {
  const rule = ruleOf(name, settingsOf(world));
  return rule?.size !== undefined || sizes.includes(name);
}

function sort(world: HostWorld, found: Found[], given: Options): void {
  const up = given.value("s");
  const key = up ?? given.value("S");
  if (key === undefined) return;
  const of = (item: Found) =>
    key === "name"
      ? item.name
      : (propertyOf(world, item.pool, item.path, canonical(key), true)?.value ??
        "");
  const sign = up === undefined ? -1 : 1;
  found.sort((a, b) => {
    const [one, other] = [of(a), of(b)];
    const both = [one, other].every((text) => /^\d+$/.test(text));
    if (both) return sign * (Number(one) - Number(other));
    return sign * (one < other ? -1 : one > other ? 1 : 0);
  });
}

function checkNames(
  call: Call,
  world: HostWorld,
  names: readonly string[],
): void {
  const wrong = names.find(
    (name) =>
      !isUserProperty(name) && ruleOf(name, settingsOf(world)) === undefined,
  );
  if (wrong !== undefined)
    throw usage(call, `bad property list: invalid property '${wrong}'`);
}

function info({ dataset, name, pool }: Found, asInteger: boolean): Json {
  const digits = (value: number) => (asInteger ? BigInt(value) : `${value}`);
  const [of, snapshot] = name.split("@");
  return {
    name,
    type: dataset.type.toUpperCase(),
    pool: pool.name,
    createtxg: digits(dataset.createtxg),
    dataset: snapshot === undefined ? undefined : of,
    snapshot_name: snapshot,
  };
}

const sourced = ({ from, source, value }: Value, asInteger: boolean): Json =>
  jsonValue(value, source, asInteger, from);

const sources = [
  "local",
  "default",
  "inherited",
  "received",
  "temporary",
  "none",
];

export function get(call: Call, words: readonly string[]): number {
  const { world } = call;
  const settings = settingsOf(world);
  const given = isAtLeast23(settings)
    ? options(call, words, "jd:o:s:jrt:Hp", json)
    : options(call, words, "d:o:s:rt:Hp");
  const columns = columnsOf(call, given, [
    "name",
    "property",
    "value",
    "received",
    "source",
  ]);
  const [asked, ...operands] = given.operands;
  if (given.has("1") && !given.has("j"))
    throw usage(call, "'--json-int' only works with '-j' option");
  if (asked === undefined) throw usage(call, "missing property argument");
  const wantedSources = (given.value("s") ?? sources.join(",")).split(",");
  const wrong = wantedSources.find((source) => !sources.includes(source));
  if (wrong !== undefined) throw usage(call, `invalid source '${wrong}'`);
  const names = asked.split(",").map(canonical);
  if (asked !== "all")
    checkNames(
      call,
      world,
      names.filter((name) => name !== "name"),
    );
  const wanted = typesOf(call, given.value("t") ?? "all");
  const [found, code] = chosen(call, { ...given, operands }, wanted, false);
  const exact = given.has("p") || given.has("1");
  const rows: string[][] = [];
  const datasets: Json = {};
  for (const item of found) {
    const properties: Json = {};
    for (const name of asked === "all" ? allNames(world, item) : names) {
      const value: Value = (name === "name"
        ? { value: item.name, source: "none" }
        : propertyOf(world, item.pool, item.path, name, exact)) ?? {
        value: "-",
        source: "none",
      };
      if (asked === "all" && value.value === "-" && value.source === "none")
        continue;
      if (!wantedSources.includes(value.source)) continue;
      const source =
        value.from === undefined
          ? value.source
          : `inherited from ${value.from}`;
      rows.push(
        cells(columns, {
          name: item.name,
          property: name,
          value: value.value,
          source,
        }),
      );
      properties[name] = sourced(value, given.has("1"));
    }
    if (Object.keys(properties).length > 0)
      datasets[item.name] = { ...info(item, given.has("1")), properties };
  }
  if (given.has("j")) {
    if (code === 0)
      call.stdout.write(`${stringify({ ...schema("zfs get"), datasets })}\n`);
  } else call.stdout.write(printed(columns, rows, given.has("H")));
  return code;
}

function allNames(world: HostWorld, { dataset, path, pool }: Found): string[] {
  const users = new Set<string>();
  for (let at: string | undefined = path; at !== undefined; at = parentPath(at))
    for (const key of Object.keys(pool.datasets[at]?.local ?? {}))
      if (isUserProperty(key)) users.add(key);
  return [
    ...rulesFor(dataset.type, settingsOf(world)).map(({ name }) => name),
    ...[...users].sort(),
  ];
}
