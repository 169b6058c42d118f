import type { HostWorld } from "../../world";
import { allocatedBytes, rawBytes } from "../capacity";
import { nice } from "../format";
import { type Healths, isSuspended, poolHealth, stateText } from "../health";
import type { Pool } from "../pool";
import { isAtLeast23, type ZfsSettings } from "../settings";

export interface PoolValue {
  value: string;
  source: "local" | "default" | "none";
}

interface Rule {
  name: string;
  default?: string;
  readonly?: boolean;
  values?: readonly string[];
  since23?: boolean;
}

const onOff = ["on", "off"];
const fixed = (name: string): Rule => ({ name, readonly: true });

/** In the order of `zpool get all`. */
const rules: readonly Rule[] = [
  fixed("size"),
  fixed("capacity"),
  { name: "altroot", default: "-" },
  fixed("health"),
  fixed("guid"),
  { name: "version", default: "-" },
  { name: "bootfs", default: "-" },
  { name: "delegation", default: "on", values: onOff },
  { name: "autoreplace", default: "off", values: onOff },
  { name: "cachefile", default: "-" },
  { name: "failmode", default: "wait", values: ["wait", "continue", "panic"] },
  { name: "listsnapshots", default: "off", values: onOff },
  { name: "autoexpand", default: "off", values: onOff },
  fixed("dedupratio"),
  fixed("free"),
  fixed("allocated"),
  { name: "readonly", default: "off", values: onOff },
  { name: "ashift", default: "0" },
  { name: "comment", default: "-" },
  fixed("expandsize"),
  fixed("freeing"),
  fixed("fragmentation"),
  fixed("leaked"),
  { name: "multihost", default: "off", values: onOff },
  fixed("checkpoint"),
  fixed("load_guid"),
  { name: "autotrim", default: "off", values: onOff },
  { name: "compatibility", default: "off" },
  fixed("bcloneused"),
  fixed("bclonesaved"),
  fixed("bcloneratio"),
  { ...fixed("dedup_table_size"), since23: true },
  { name: "dedup_table_quota", default: "auto", since23: true },
];

const aliases: Readonly<Record<string, string>> = {
  alloc: "allocated",
  cap: "capacity",
  dedup: "dedupratio",
  expandsz: "expandsize",
  frag: "fragmentation",
  ckpoint: "checkpoint",
  rdonly: "readonly",
  replace: "autoreplace",
  expand: "autoexpand",
  listsnaps: "listsnapshots",
};

export const canonicalPool = (name: string) => aliases[name] ?? name;

const features22 = [
  "async_destroy",
  "empty_bpobj",
  "lz4_compress",
  "multi_vdev_crash_dump",
  "spacemap_histogram",
  "enabled_txg",
  "hole_birth",
  "extensible_dataset",
  "embedded_data",
  "bookmarks",
  "filesystem_limits",
  "large_blocks",
  "large_dnode",
  "sha512",
  "skein",
  "edonr",
  "userobj_accounting",
  "encryption",
  "project_quota",
  "device_removal",
  "obsolete_counts",
  "zpool_checkpoint",
  "spacemap_v2",
  "allocation_classes",
  "resilver_defer",
  "bookmark_v2",
  "redaction_bookmarks",
  "redacted_datasets",
  "bookmark_written",
  "log_spacemap",
  "livelist",
  "device_rebuild",
  "zstd_compress",
  "draid",
  "zilsaxattr",
  "head_errlog",
  "blake3",
  "block_cloning",
  "vdev_zaps_v2",
  "redaction_list_spill",
];
const features23 = [
  "raidz_expansion",
  "fast_dedup",
  "longname",
  "large_microzap",
];
const alwaysActive = [
  "empty_bpobj",
  "lz4_compress",
  "spacemap_histogram",
  "enabled_txg",
  "hole_birth",
  "extensible_dataset",
  "embedded_data",
  "userobj_accounting",
  "project_quota",
  "spacemap_v2",
  "log_spacemap",
  "head_errlog",
  "vdev_zaps_v2",
];

export function featuresOf(settings: ZfsSettings): string[] {
  return isAtLeast23(settings) ? [...features22, ...features23] : features22;
}

export function poolRule(
  name: string,
  settings: ZfsSettings,
): Rule | undefined {
  return rules.find(
    (rule) =>
      rule.name === canonicalPool(name) &&
      (!rule.since23 || isAtLeast23(settings)),
  );
}

export function poolRuleNames(settings: ZfsSettings): string[] {
  const known = rules.filter(
    ({ since23 }) => !since23 || isAtLeast23(settings),
  );
  return [
    ...known.map(({ name }) => name),
    ...featuresOf(settings).map((name) => `feature@${name}`),
  ];
}

/** Undefined: there is no such property. */
export function poolValue(
  world: HostWorld,
  pool: Pool,
  health: Healths,
  name: string,
  exact: boolean,
  settings: ZfsSettings,
): PoolValue | undefined {
  if (name.includes(":")) {
    const value = pool.properties[name];
    return value === undefined ? undefined : { value, source: "local" };
  }
  if (name.startsWith("feature@")) {
    const feature = name.slice("feature@".length);
    if (!featuresOf(settings).includes(feature)) return undefined;
    const isActive =
      alwaysActive.includes(feature) ||
      (feature === "raidz_expansion" && pool.expansion !== undefined);
    const value = pool.properties[name] ?? (isActive ? "active" : "enabled");
    return { value, source: "local" };
  }
  const rule = poolRule(name, settings);
  if (rule === undefined) return undefined;
  const computed = computedValue(world, pool, health, rule.name, exact);
  if (computed !== undefined) return { value: computed, source: "none" };
  const set = pool.properties[rule.name];
  if (set !== undefined) return { value: set, source: "local" };
  return { value: rule.default ?? "-", source: "default" };
}

function computedValue(
  world: HostWorld,
  pool: Pool,
  health: Healths,
  name: string,
  exact: boolean,
): string | undefined {
  const size = (bytes: number) => (exact ? `${bytes}` : nice(bytes));
  const ratio = (text: string) => (exact ? text : `${text}x`);
  const percent = (number: number) => (exact ? `${number}` : `${number}%`);
  const whole = rawBytes(pool);
  switch (name) {
    case "size":
      return size(whole);
    case "capacity":
      return percent(
        whole > 0 ? Math.floor((100 * allocatedBytes(world, pool)) / whole) : 0,
      );
    case "health":
      return healthWord(pool, health);
    case "guid":
      return pool.guid;
    case "load_guid":
      return `${(BigInt(pool.guid) * 7n + BigInt(pool.txg)) & 0xffffffffffffffffn}`;
    case "free":
      return size(Math.max(0, whole - allocatedBytes(world, pool)));
    case "allocated":
      return size(allocatedBytes(world, pool));
    case "dedupratio":
    case "bcloneratio":
      return ratio("1.00");
    case "fragmentation":
      return percent(0);
    case "freeing":
    case "leaked":
    case "bcloneused":
    case "bclonesaved":
    case "dedup_table_size":
      return "0";
    case "expandsize":
    case "checkpoint":
      return "-";
    default:
      return undefined;
  }
}

export function healthWord(pool: Pool, health: Healths): string {
  if (isSuspended(pool, health)) return "SUSPENDED";
  return stateText(poolHealth(pool, health));
}

/** What is wrong with a value, or undefined. */
export function poolPropertyProblem(
  name: string,
  value: string,
  settings: ZfsSettings,
): string | undefined {
  if (/^[a-z0-9:._+-]+:[a-z0-9:._+-]+$/.test(name)) return undefined;
  if (name.startsWith("feature@")) {
    if (!featuresOf(settings).includes(name.slice("feature@".length)))
      return `feature '${name.slice("feature@".length)}' unsupported by kernel`;
    if (value === "enabled" || value === "disabled") return undefined;
    return `property '${name}' can only be set to 'enabled' or 'disabled'`;
  }
  const rule = poolRule(name, settings);
  if (rule === undefined) return `invalid property '${name}'`;
  if (rule.readonly) return `'${rule.name}' is readonly`;
  if (rule.values !== undefined && !rule.values.includes(value))
    return `'${rule.name}' must be one of '${rule.values.join(" | ")}'`;
  if (rule.name === "ashift") {
    const number = Number(value);
    const isRight =
      Number.isInteger(number) &&
      (number === 0 || (number >= 9 && number <= 16));
    if (!isRight)
      return `invalid '${rule.name}=${value}' property: only values between 9 and 16 are allowed.`;
  }
  if (rule.name === "comment" && value.length > 32)
    return "comment must not exceed 32 characters";
  if (rule.name === "cachefile" && value !== "" && value !== "none")
    if (!value.startsWith("/"))
      return `property '${name}' must be empty, an absolute path, or 'none'`;
  return undefined;
}
