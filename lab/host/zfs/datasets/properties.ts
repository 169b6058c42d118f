import { nice, parseSize } from "../format";
import { isAtLeast23, type ZfsSettings } from "../settings";
import type { Dataset } from "./dataset";

type Kind = Dataset["type"];

export interface PropertyRule {
  name: string;
  kinds: readonly Kind[];
  /** Printed where nothing is set; computed properties have none. */
  default?: string;
  inherits?: boolean;
  /** "once": only with the creation. */
  readonly?: boolean | "once";
  values?: readonly string[];
  /** A number of bytes, or a word of `words` such as "none". */
  size?: { words?: readonly string[]; powerOfTwo?: [number, number] };
  count?: boolean;
  since23?: boolean;
}

const both: readonly Kind[] = ["filesystem", "volume"];
const fs: readonly Kind[] = ["filesystem"];
const vol: readonly Kind[] = ["volume"];
const all: readonly Kind[] = ["filesystem", "volume", "snapshot"];
const fsSnap: readonly Kind[] = ["filesystem", "snapshot"];
const onOff = ["on", "off"];
const compressions = [
  "on",
  "off",
  "lzjb",
  "gzip",
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => `gzip-${level}`),
  "zle",
  "lz4",
  "zstd",
  ...[...Array(19).keys()].map((level) => `zstd-${level + 1}`),
  "zstd-fast",
  ...[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500,
    1000,
  ].map((level) => `zstd-fast-${level}`),
];
const checksums = [
  "on",
  "off",
  "fletcher2",
  "fletcher4",
  "sha256",
  "sha512",
  "skein",
  "edonr",
  "blake3",
];
const caches = ["all", "none", "metadata"];
const none = { words: ["none"] };

const computed = (name: string, kinds: readonly Kind[]): PropertyRule => ({
  name,
  kinds,
  readonly: true,
});
const word = (
  name: string,
  kinds: readonly Kind[],
  initial: string,
  values: readonly string[] = onOff,
): PropertyRule => ({ name, kinds, default: initial, values, inherits: true });
const once = (
  name: string,
  kinds: readonly Kind[],
  initial: string,
  values?: readonly string[],
): PropertyRule => ({
  name,
  kinds,
  default: initial,
  readonly: "once",
  ...(values === undefined ? {} : { values }),
});

/** In the order of `zfs get all`. */
const rules: readonly PropertyRule[] = [
  computed("type", all),
  computed("creation", all),
  computed("used", all),
  computed("available", both),
  computed("referenced", all),
  computed("compressratio", all),
  computed("mounted", fs),
  { name: "quota", kinds: fs, default: "none", size: none },
  { name: "reservation", kinds: both, default: "none", size: none },
  { name: "volsize", kinds: ["volume", "snapshot"], size: {} },
  {
    ...once("volblocksize", vol, "16384"),
    size: { powerOfTwo: [512, 1024 ** 2] },
  },
  {
    name: "recordsize",
    kinds: fs,
    default: "131072",
    inherits: true,
    size: { powerOfTwo: [512, 16 * 1024 ** 2] },
  },
  { name: "mountpoint", kinds: fs, inherits: true },
  { name: "sharenfs", kinds: fs, default: "off", inherits: true },
  word("checksum", both, "on", checksums),
  word("compression", both, "on", compressions),
  word("atime", fs, "on"),
  word("devices", fsSnap, "on"),
  word("exec", fsSnap, "on"),
  word("setuid", fsSnap, "on"),
  word("readonly", both, "off"),
  word("zoned", fs, "off"),
  word("snapdir", fs, "hidden", ["hidden", "visible", "disabled"]),
  word("aclmode", fs, "discard", [
    "discard",
    "groupmask",
    "passthrough",
    "restricted",
  ]),
  word("aclinherit", fs, "restricted", [
    "discard",
    "noallow",
    "restricted",
    "passthrough",
    "passthrough-x",
  ]),
  computed("createtxg", all),
  {
    name: "canmount",
    kinds: fs,
    default: "on",
    values: ["on", "off", "noauto"],
  },
  word("xattr", fsSnap, "sa", ["on", "off", "dir", "sa"]),
  word("copies", both, "1", ["1", "2", "3"]),
  { ...once("version", fsSnap, "5"), readonly: false },
  once("utf8only", fsSnap, "off", onOff),
  once("normalization", fsSnap, "none", [
    "none",
    "formC",
    "formD",
    "formKC",
    "formKD",
  ]),
  once("casesensitivity", fsSnap, "sensitive", [
    "sensitive",
    "insensitive",
    "mixed",
  ]),
  word("vscan", fs, "off"),
  word("nbmand", fsSnap, "off"),
  { name: "sharesmb", kinds: fs, default: "off", inherits: true },
  { name: "refquota", kinds: fs, default: "none", size: none },
  {
    name: "refreservation",
    kinds: both,
    default: "none",
    size: { words: ["none", "auto"] },
  },
  computed("guid", all),
  word("primarycache", all, "all", caches),
  word("secondarycache", all, "all", caches),
  computed("usedbysnapshots", both),
  computed("usedbydataset", both),
  computed("usedbychildren", both),
  computed("usedbyrefreservation", both),
  word("logbias", both, "latency", ["latency", "throughput"]),
  computed("objsetid", all),
  word("dedup", both, "off", [
    "on",
    "off",
    "verify",
    "sha256",
    "sha256,verify",
    "sha512",
    "sha512,verify",
    "skein",
    "skein,verify",
    "edonr,verify",
    "blake3",
    "blake3,verify",
  ]),
  { name: "mlslabel", kinds: all, default: "none", inherits: true },
  word("sync", both, "standard", ["standard", "always", "disabled"]),
  word("dnodesize", fs, "legacy", [
    "legacy",
    "auto",
    "1k",
    "2k",
    "4k",
    "8k",
    "16k",
  ]),
  computed("refcompressratio", all),
  computed("written", all),
  computed("logicalused", both),
  computed("logicalreferenced", all),
  word("volmode", ["filesystem", "volume", "snapshot"], "default", [
    "default",
    "full",
    "geom",
    "dev",
    "none",
  ]),
  { name: "filesystem_limit", kinds: fs, default: "none", count: true },
  { name: "snapshot_limit", kinds: both, default: "none", count: true },
  { ...computed("filesystem_count", fs), default: "none" },
  { ...computed("snapshot_count", both), default: "none" },
  word("snapdev", both, "hidden", ["hidden", "visible"]),
  word("acltype", fsSnap, "off", ["off", "nfsv4", "posix"]),
  { name: "context", kinds: fsSnap, default: "none", inherits: true },
  { name: "fscontext", kinds: fsSnap, default: "none", inherits: true },
  { name: "defcontext", kinds: fsSnap, default: "none", inherits: true },
  { name: "rootcontext", kinds: fsSnap, default: "none", inherits: true },
  word("relatime", fs, "on"),
  word("redundant_metadata", both, "all", ["all", "most", "some", "none"]),
  word("overlay", fs, "on"),
  once("encryption", all, "off", [
    "on",
    "off",
    "aes-128-ccm",
    "aes-192-ccm",
    "aes-256-ccm",
    "aes-128-gcm",
    "aes-192-gcm",
    "aes-256-gcm",
  ]),
  { name: "keylocation", kinds: both, default: "none" },
  once("keyformat", all, "none", ["none", "raw", "hex", "passphrase"]),
  once("pbkdf2iters", all, "0"),
  {
    name: "special_small_blocks",
    kinds: fs,
    default: "0",
    inherits: true,
    size: { powerOfTwo: [0, 1024 ** 2] },
  },
  word("prefetch", both, "all", caches),
  {
    ...word("direct", both, "standard", ["disabled", "standard", "always"]),
    since23: true,
  },
  { ...word("longname", fs, "off"), since23: true },
];

const aliases: Readonly<Record<string, string>> = {
  compress: "compression",
  recsize: "recordsize",
  refer: "referenced",
  avail: "available",
  reserv: "reservation",
  refreserv: "refreservation",
  ratio: "compressratio",
  rdonly: "readonly",
  volblock: "volblocksize",
  case: "casesensitivity",
};

export const canonical = (name: string) => aliases[name] ?? name;

export function ruleOf(
  name: string,
  settings: ZfsSettings,
): PropertyRule | undefined {
  return rules.find(
    (rule) =>
      rule.name === canonical(name) && (!rule.since23 || isAtLeast23(settings)),
  );
}

export function rulesFor(kind: Kind, settings: ZfsSettings): PropertyRule[] {
  return rules.filter(
    ({ kinds, since23 }) =>
      kinds.includes(kind) && (!since23 || isAtLeast23(settings)),
  );
}

/** "pulumi:urn": of people and programs, never of ZFS itself. */
export const isUserProperty = (name: string) =>
  /^[a-z0-9:._+-]+$/.test(name) && name.includes(":");

/** In the form that is kept; a text: what is wrong with it. */
export function normalized(
  rule: PropertyRule,
  value: string,
): { value: string } | { wrong: string } {
  if (rule.values !== undefined) {
    if (rule.values.includes(value)) return { value };
    return {
      wrong: `'${rule.name}' must be one of '${rule.values.join(" | ")}'`,
    };
  }
  if (rule.size !== undefined) {
    if (rule.size.words?.includes(value)) return { value };
    const bytes = parseSize(value);
    if (bytes === undefined) return { wrong: `bad numeric value '${value}'` };
    if (rule.size.powerOfTwo !== undefined) {
      const [least, most] = rule.size.powerOfTwo;
      const number = Number(bytes);
      const isPower = number > 0 && Number.isInteger(Math.log2(number));
      const isRight = number === least || (isPower && number > least);
      if (!isRight || number > most)
        return {
          wrong: `'${rule.name}' must be power of 2 from ${nice(least, "B")} to ${nice(most, "B")}`,
        };
    }
    if (rule.size.words?.includes("none") && bytes === 0n)
      return { value: "none" };
    return { value: `${bytes}` };
  }
  if (rule.count) {
    if (value === "none" || /^\d+$/.test(value)) return { value };
    return { wrong: `bad numeric value '${value}'` };
  }
  if (rule.name === "mountpoint") {
    const isPath = value.startsWith("/");
    if (isPath || value === "none" || value === "legacy") return { value };
    return {
      wrong: "'mountpoint' must be an absolute path, 'none', or 'legacy'",
    };
  }
  return { value };
}

/** A size for people, unless -p asks for the exact one. */
export function shown(
  rule: PropertyRule,
  value: string,
  exact: boolean,
): string {
  if (rule.size === undefined) return value;
  if (exact) return value === "none" ? "0" : value;
  return /^\d+$/.test(value) ? nice(BigInt(value)) : value;
}
