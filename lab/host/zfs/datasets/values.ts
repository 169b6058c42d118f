import type { HostWorld } from "../../world";
import { ownBytes, usableBytes } from "../capacity";
import { creationText, nice } from "../format";
import type { Pool } from "../pool";
import { settingsOf } from "../settings";
import { below, type Dataset, fullName, parentPath } from "./dataset";
import { mountedAt } from "./mounts";
import { isUserProperty, type PropertyRule, ruleOf, shown } from "./properties";

export interface Value {
  value: string;
  source: "local" | "default" | "inherited" | "received" | "temporary" | "none";
  /** Of an inherited one: the dataset that has it. */
  from?: string;
}

/** Undefined: a dataset of this type has no such property. */
export function propertyOf(
  world: HostWorld,
  pool: Pool,
  path: string,
  name: string,
  exact: boolean,
): Value | undefined {
  const dataset = pool.datasets[path];
  if (dataset === undefined) return undefined;
  if (isUserProperty(name)) return userValue(pool, path, name);
  const rule = ruleOf(name, settingsOf(world));
  if (rule === undefined || !rule.kinds.includes(dataset.type))
    return undefined;
  const computed = computedValue(world, pool, path, dataset, rule, exact);
  if (computed !== undefined) return { value: computed, source: "none" };
  if (rule.name === "mountpoint") return mountpointValue(pool, path);
  if (rule.name === "readonly" && dataset.type === "snapshot") return undefined;
  const fixed = dataset.fixed[rule.name];
  if (fixed !== undefined)
    return {
      value: shown(rule, fixed, exact),
      source: isDefault(rule, fixed)
        ? "default"
        : rule.name === "volblocksize"
          ? "local"
          : "none",
    };
  const found = effective(pool, path, rule);
  return { ...found, value: shown(rule, found.value, exact) };
}

function isDefault(rule: PropertyRule, value: string): boolean {
  return rule.default === value;
}

function userValue(pool: Pool, path: string, name: string): Value {
  for (
    let at: string | undefined = path;
    at !== undefined;
    at = parentPath(at)
  ) {
    const dataset = pool.datasets[at];
    const value = dataset?.local[name] ?? dataset?.received[name];
    if (value === undefined) continue;
    if (at !== path)
      return { value, source: "inherited", from: fullName(pool, at) };
    const isLocal = dataset?.local[name] !== undefined;
    return { value, source: isLocal ? "local" : "received" };
  }
  return { value: "-", source: "none" };
}

/** As it is kept, with its origin. */
export function effective(pool: Pool, path: string, rule: PropertyRule): Value {
  for (
    let at: string | undefined = path;
    at !== undefined;
    at = parentPath(at)
  ) {
    const dataset = pool.datasets[at];
    const value = dataset?.local[rule.name] ?? dataset?.received[rule.name];
    if (value !== undefined) {
      if (at !== path)
        return { value, source: "inherited", from: fullName(pool, at) };
      const isLocal = dataset?.local[rule.name] !== undefined;
      return { value, source: isLocal ? "local" : "received" };
    }
    if (!rule.inherits) break;
  }
  return { value: rule.default ?? "-", source: "default" };
}

/** "/tank/vm": an inherited one goes on with the names below its origin. */
export function mountpointValue(pool: Pool, path: string): Value {
  const root = pool.altroot ?? "";
  const under = (value: string) =>
    value.startsWith("/") && root !== ""
      ? `${root}${value === "/" ? "" : value}`
      : value;
  for (
    let at: string | undefined = path;
    at !== undefined;
    at = parentPath(at)
  ) {
    const dataset = pool.datasets[at];
    const value = dataset?.local.mountpoint ?? dataset?.received.mountpoint;
    if (value === undefined) continue;
    if (at === path) return { value: under(value), source: "local" };
    const rest = at === "" ? path : path.slice(at.length + 1);
    const whole = value.startsWith("/")
      ? `${value === "/" ? "" : value}/${rest}`
      : value;
    return {
      value: under(whole),
      source: "inherited",
      from: fullName(pool, at),
    };
  }
  return {
    value: under(`/${fullName(pool, path)}`),
    source: "default",
  };
}

function computedValue(
  world: HostWorld,
  pool: Pool,
  path: string,
  dataset: Dataset,
  rule: PropertyRule,
  exact: boolean,
): string | undefined {
  const size = (bytes: number) => (exact ? `${bytes}` : nice(bytes));
  switch (rule.name) {
    case "type":
      return dataset.type;
    case "creation":
      return exact ? `${dataset.creation}` : creationText(dataset.creation);
    case "guid":
      return dataset.guid;
    case "createtxg":
      return `${dataset.createtxg}`;
    case "objsetid":
      return `${54 + Object.keys(pool.datasets).indexOf(path)}`;
    case "used":
    case "logicalused":
      return size(usedBytes(world, pool, path));
    case "usedbychildren":
      return size(
        usedBytes(world, pool, path) -
          ownBytes(world, dataset) -
          heldBytes(world, pool, path),
      );
    case "usedbysnapshots":
      return size(0);
    case "usedbydataset":
    case "referenced":
    case "logicalreferenced":
    case "written":
      return size(ownBytes(world, dataset));
    case "usedbyrefreservation":
      return size(heldBytes(world, pool, path));
    case "available":
      return size(availableBytes(world, pool, path));
    case "compressratio":
    case "refcompressratio":
      return exact ? "1.00" : "1.00x";
    case "mounted":
      return mountedAt(world, dataset.guid) === undefined ? "no" : "yes";
    case "volsize":
      return shown(rule, dataset.fixed.volsize ?? "0", exact);
    case "filesystem_count":
    case "snapshot_count":
      return "none";
    default:
      return undefined;
  }
}

/** What a refreservation keeps free beyond what is written. */
function heldBytes(world: HostWorld, pool: Pool, path: string): number {
  const dataset = pool.datasets[path];
  const kept = Number(dataset?.local.refreservation ?? 0);
  if (dataset === undefined || !(kept > 0)) return 0;
  return Math.max(0, kept - ownBytes(world, dataset));
}

export function usedBytes(world: HostWorld, pool: Pool, path: string): number {
  const dataset = pool.datasets[path];
  if (dataset === undefined) return 0;
  if (dataset.type === "snapshot") return 0;
  const children = below(pool, path).filter((at) => parentPath(at) === path);
  return children.reduce(
    // What a child reserves is used in its parent.
    (sum, at) =>
      sum + Math.max(usedBytes(world, pool, at), reservationOf(pool, at)),
    ownBytes(world, dataset) + heldBytes(world, pool, path),
  );
}

function reservationOf(pool: Pool, path: string): number {
  return Number(pool.datasets[path]?.local.reservation ?? 0) || 0;
}

/**
 * Whether a reservation is more than there is room for, as the kernel has it
 * (dsl_dir_set_reservation_check, dsl_dataset_set_refreservation_check).
 */
export function exceedsRoom(
  world: HostWorld,
  pool: Pool,
  path: string,
  key: string,
  bytes: number,
): boolean {
  const dataset = pool.datasets[path];
  if (dataset === undefined) return false;
  const isOwn = key === "refreservation";
  const used = isOwn ? ownBytes(world, dataset) : usedBytes(world, pool, path);
  const quota = Number(dataset.local[isOwn ? "refquota" : "quota"] ?? 0) || 0;
  const before = Number(dataset.local[key] ?? 0) || 0;
  const more = Math.max(used, bytes) - Math.max(used, before);
  const above = isOwn ? path : (parentPath(path) ?? path);
  return (
    (more > 0 && more > availableBytes(world, pool, above)) ||
    (quota > 0 && bytes > quota)
  );
}

export function availableBytes(
  world: HostWorld,
  pool: Pool,
  path: string,
): number {
  let free = usableBytes(pool) - usedBytes(world, pool, "");
  free += heldBytes(world, pool, path);
  for (
    let at: string | undefined = path;
    at !== undefined;
    at = parentPath(at)
  ) {
    free += Math.max(0, reservationOf(pool, at) - usedBytes(world, pool, at));
    const quota = Number(pool.datasets[at]?.local.quota ?? Number.NaN);
    if (quota >= 0) free = Math.min(free, quota - usedBytes(world, pool, at));
  }
  const own = Number(pool.datasets[path]?.local.refquota ?? Number.NaN);
  const dataset = pool.datasets[path];
  if (own >= 0 && dataset !== undefined)
    free = Math.min(free, own - ownBytes(world, dataset));
  return Math.max(0, Math.floor(free));
}
