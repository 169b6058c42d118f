import type { HostWorld } from "../../world";
import { allocatedBytes, spaceOf, usableBytes } from "../capacity";
import type { Disks } from "../disks";
import { ctime, nice } from "../format";
import type { Health, Healths } from "../health";
import { type Json, schema } from "../json";
import { vdevName } from "../names";
import type { Pool } from "../pool";
import { typeName, type Vdev } from "../tree";
import { healthWord } from "./properties";
import type { Reason } from "./reason";
import { done, reflowed } from "./scan-text";
import type { StatusOptions } from "./status";

export function number(
  value: number | string,
  { asInteger, exact }: Pick<StatusOptions, "asInteger" | "exact">,
  unit: "" | "B" = "",
): string | bigint {
  if (asInteger) return BigInt(value);
  return exact ? `${value}` : nice(BigInt(value), unit);
}

function time(
  ms: number | undefined,
  { asInteger, exact }: StatusOptions,
): string | bigint {
  const seconds = Math.floor((ms ?? 0) / 1_000);
  if (asInteger) return BigInt(seconds);
  if (exact) return `${seconds}`;
  return seconds === 0 ? "-" : ctime(ms ?? 0);
}

export function poolInfo(
  pool: Pool,
  health: Healths,
  asInteger: boolean,
  withType: boolean,
): Json {
  const digits = (value: string) => (asInteger ? BigInt(value) : value);
  return {
    name: pool.name,
    type: withType ? "POOL" : undefined,
    state: healthWord(pool, health),
    pool_guid: digits(pool.guid),
    txg: digits(`${pool.txg}`),
    spa_version: digits("5000"),
    zpl_version: digits("5"),
  };
}

export function vdevInfo(
  disks: Disks,
  vdev: Vdev,
  name: string,
  health: Health,
  place: { bias?: Vdev["bias"]; auxiliary?: "spare" | "l2cache" },
  asInteger: boolean,
): Json {
  const device = vdev.path === undefined ? undefined : disks.find(vdev.path);
  const physical =
    device && disks.links(device).find((link) => link.includes("/by-path/"));
  return {
    name,
    vdev_type: vdev.kind,
    guid: asInteger ? BigInt(vdev.guid) : vdev.guid,
    path: vdev.path,
    phys_path: physical
      ?.slice(physical.lastIndexOf("/") + 1)
      .replace(/-part\d+$/, ""),
    devid: vdev.devid,
    class: place.auxiliary ?? place.bias ?? "normal",
    state: health.state,
  };
}

interface Look {
  pool: Pool;
  health: Healths;
  reason: Reason | undefined;
}

export function statusJson(
  world: HostWorld,
  disks: Disks,
  looks: readonly Look[],
  style: StatusOptions,
): Json {
  const pools: Json = {};
  for (const look of looks) {
    const { pool } = look;
    pools[style.keyGuid ? pool.guid : pool.name] = onePool(
      world,
      disks,
      look,
      style,
    );
  }
  return { ...schema("zpool status"), pools };
}

function onePool(
  world: HostWorld,
  disks: Disks,
  { health, pool, reason }: Look,
  style: StatusOptions,
): Json {
  const item = poolInfo(pool, health, style.asInteger, false);
  if (reason !== undefined) {
    item.status = reason.status;
    item.action = reason.action;
    if (reason.message !== undefined) {
      item.msgid = reason.message;
      item.moreinfo = `https://openzfs.github.io/openzfs-docs/msg/${reason.message}`;
    }
  }
  const scan = scanStats(pool, style);
  if (scan !== undefined) item.scan_stats = scan;
  const expansion = expansionStats(disks, pool, health, style);
  if (expansion !== undefined) item.raidz_expand_stats = expansion;
  const flat: Json = {};
  const visit = (
    vdev: Vdev,
    name: string,
    bias: Vdev["bias"],
    depth: number,
  ): Json => {
    const own = vdevItem(world, disks, pool, health, vdev, name, bias, style);
    const children: Json = {};
    for (const [id, child] of vdev.children.entries()) {
      if (depth === 0 && child.bias !== undefined) continue;
      const childName = vdevName(child, id, style, disks);
      children[childName] = visit(child, childName, bias, depth + 1);
    }
    if (Object.keys(children).length > 0) own.vdevs = children;
    if (vdev.children.length === 0) flat[name] = own;
    return own;
  };
  const root = visit(pool.root, pool.name, undefined, 0);
  const sections: Json = {};
  for (const [bias, title] of [
    ["dedup", "dedup"],
    ["special", "special"],
    ["log", "logs"],
  ] as const) {
    const items: Json = {};
    for (const [id, top] of pool.root.children.entries()) {
      if (top.bias !== bias) continue;
      const name = vdevName(top, id, style, disks);
      items[name] = visit(top, name, bias, 1);
    }
    if (Object.keys(items).length > 0) sections[title] = items;
  }
  for (const [title, auxiliary, vdevs] of [
    ["l2cache", "l2cache", pool.caches],
    ["spares", "spare", pool.spares],
  ] as const) {
    const items: Json = {};
    for (const [id, vdev] of vdevs.entries()) {
      const name = vdevName(vdev, id, style, disks);
      items[name] = auxiliaryItem(disks, health, vdev, name, auxiliary, style);
      flat[name] = items[name];
    }
    if (Object.keys(items).length > 0) sections[title] = items;
  }
  if (style.flat) item.vdevs = flat;
  else Object.assign(item, { vdevs: { [pool.name]: root } }, sections);
  item.error_count = number(0, style);
  return item;
}

function vdevItem(
  world: HostWorld,
  disks: Disks,
  pool: Pool,
  health: Healths,
  vdev: Vdev,
  name: string,
  bias: Vdev["bias"],
  style: StatusOptions,
): Json {
  const own = health.get(vdev.guid) ?? { state: "ONLINE" };
  const item = vdevInfo(disks, vdev, name, own, { bias }, style.asInteger);
  const bytes = (value: number) => number(value, style, "B");
  if (vdev.kind === "root") {
    item.alloc_space = bytes(allocatedBytes(world, pool));
    item.total_space = bytes(
      vdev.children.reduce((sum, top) => sum + spaceOf(top), 0),
    );
    item.def_space = bytes(usableBytes(pool));
  } else if (pool.root.children.includes(vdev)) {
    const share = pool.root.children.filter((top) => top.bias === vdev.bias);
    item.alloc_space = bytes(
      Math.floor(allocatedBytes(world, pool) / share.length),
    );
    item.total_space = bytes(spaceOf(vdev));
    item.def_space = bytes(spaceOf(vdev));
  }
  if (vdev.kind !== "root") item.rep_dev_size = bytes(spaceOf(vdev));
  if (vdev.kind === "disk") item.phys_space = bytes(vdev.sizeBytes ?? 0);
  item.read_errors = number(0, style);
  item.write_errors = number(0, style);
  item.checksum_errors = number(0, style);
  const isResilvered =
    pool.scan?.what === "RESILVER" &&
    pool.scan.state === "SCANNING" &&
    vdev.stale;
  if (isResilvered && pool.scan !== undefined)
    item.scan_processed = bytes(Math.max(1, done(pool.scan)));
  if (vdev.children.length === 0) item.slow_ios = number(0, style);
  if (vdev.notPresent) {
    item.not_present = style.asInteger ? 1 : "1";
    item.was = vdev.path ?? "";
  } else if (own.aux !== undefined) item.aux = own.aux;
  return item;
}

function auxiliaryItem(
  disks: Disks,
  health: Healths,
  vdev: Vdev,
  name: string,
  auxiliary: "spare" | "l2cache",
  style: StatusOptions,
): Json {
  const own = health.get(`spare:${vdev.guid}`) ?? { state: "ONLINE" };
  const item = vdevInfo(disks, vdev, name, own, { auxiliary }, style.asInteger);
  if (auxiliary === "l2cache") {
    item.total_space = number(spaceOf(vdev), style, "B");
    for (const key of ["read_errors", "write_errors", "checksum_errors"])
      item[key] = number(0, style);
  } else if (own.aux === "SPARED") item.state = "INUSE";
  else if (own.state === "ONLINE") item.state = "AVAIL";
  if (own.aux !== undefined) item.aux = own.aux;
  return item;
}

function scanStats({ scan }: Pool, style: StatusOptions): Json | undefined {
  if (scan === undefined) return undefined;
  const isOver = scan.state === "FINISHED";
  const now = isOver ? scan.bytes : done(scan);
  const bytes = (value: number) => number(value, style, "B");
  const plain = (value: number) =>
    style.asInteger ? BigInt(value) : `${value}`;
  return {
    function: scan.what,
    state: scan.state,
    start_time: time(scan.startedAt, style),
    end_time: time(scan.endedAt, style),
    to_examine: bytes(scan.bytes),
    examined: bytes(now),
    skipped: bytes(0),
    processed: bytes(scan.what === "RESILVER" ? now : 0),
    errors: number(0, style),
    bytes_per_scan: bytes(isOver ? 0 : now),
    pass_start: plain(Math.floor(scan.startedAt / 1_000)),
    scrub_pause: time(scan.pausedAt, style),
    scrub_spent_paused: plain(Math.floor(scan.pausedMs / 1_000)),
    issued_bytes_per_scan: bytes(isOver ? 0 : now),
    issued: bytes(now),
  };
}

function expansionStats(
  disks: Disks,
  pool: Pool,
  health: Healths,
  style: StatusOptions,
): Json | undefined {
  const { expansion } = pool;
  if (expansion === undefined) return undefined;
  const id = pool.root.children.findIndex(
    ({ guid }) => guid === expansion.vdev,
  );
  const top = pool.root.children[id];
  if (top === undefined) return undefined;
  const own = health.get(top.guid) ?? { state: "ONLINE" };
  const isOver = expansion.state === "FINISHED";
  return {
    ...vdevInfo(disks, top, typeName(top), own, {}, style.asInteger),
    state: expansion.state,
    expanding_vdev: style.asInteger ? id : `${id}`,
    start_time: time(expansion.startedAt, style),
    end_time: time(expansion.endedAt, style),
    to_reflow: number(expansion.bytes, style, "B"),
    reflowed: number(
      isOver ? expansion.bytes : reflowed(expansion),
      style,
      "B",
    ),
    waiting_for_resilver: style.asInteger ? 0 : "0",
  };
}
