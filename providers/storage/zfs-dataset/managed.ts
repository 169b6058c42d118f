/** A native property that can be declared. */
interface Managed {
  on: "filesystem" | "volume" | "both";
  values: readonly string[] | "size" | "size or none" | RegExp;
  /** ZFS takes it at creation, and never again. */
  isFixed?: true;
  /** Not inherited: what it has where nobody sets it. */
  unset?: string;
}

const switches = ["on", "off"] as const;
const caches = ["all", "metadata", "none"] as const;
const limit = { values: "size or none", unset: "none" } as const;

/** Only values that ZFS gives back as they were given: `posixacl` reads "posix". */
export const managed: Readonly<Record<string, Managed>> = {
  aclinherit: {
    on: "filesystem",
    values: [
      "discard",
      "noallow",
      "restricted",
      "passthrough",
      "passthrough-x",
    ],
  },
  acltype: { on: "filesystem", values: ["off", "posix", "nfsv4"] },
  atime: { on: "filesystem", values: switches },
  canmount: {
    on: "filesystem",
    values: ["on", "off", "noauto"],
    unset: "on",
  },
  casesensitivity: {
    on: "filesystem",
    values: ["sensitive", "insensitive", "mixed"],
    isFixed: true,
  },
  checksum: {
    on: "both",
    values: /^(on|off|fletcher[24]|sha256|sha512|skein|edonr|blake3)$/,
  },
  compression: {
    on: "both",
    values:
      /^(on|off|lz4|lzjb|zle|gzip(-[1-9])?|zstd(-([1-9]|1\d))?|zstd-fast(-([1-9]|[1-9]0|100|500|1000))?)$/,
  },
  copies: { on: "both", values: ["1", "2", "3"] },
  dedup: {
    on: "both",
    values: /^(on|off|verify|(sha256|sha512|skein|blake3)(,verify)?)$/,
  },
  devices: { on: "filesystem", values: switches },
  dnodesize: {
    on: "filesystem",
    values: ["legacy", "auto", "1k", "2k", "4k", "8k", "16k"],
  },
  encryption: {
    on: "both",
    values: /^(off|aes-(128|192|256)-(ccm|gcm))$/,
    isFixed: true,
  },
  exec: { on: "filesystem", values: switches },
  keyformat: {
    on: "both",
    values: ["raw", "hex", "passphrase"],
    isFixed: true,
  },
  keylocation: { on: "both", values: /^file:\/\/\/[^\s]+$/, isFixed: true },
  logbias: { on: "both", values: ["latency", "throughput"] },
  mountpoint: { on: "filesystem", values: /^(none|legacy|\/[^\s]*[^\s/])$/ },
  normalization: {
    on: "filesystem",
    values: ["none", "formC", "formD", "formKC", "formKD"],
    isFixed: true,
  },
  primarycache: { on: "both", values: caches },
  quota: { on: "filesystem", ...limit },
  readonly: { on: "both", values: switches },
  recordsize: { on: "filesystem", values: "size" },
  redundant_metadata: { on: "both", values: ["all", "most", "some", "none"] },
  refquota: { on: "filesystem", ...limit },
  refreservation: { on: "both", ...limit },
  relatime: { on: "filesystem", values: switches },
  reservation: { on: "both", ...limit },
  secondarycache: { on: "both", values: caches },
  setuid: { on: "filesystem", values: switches },
  snapdir: { on: "filesystem", values: ["hidden", "visible"] },
  special_small_blocks: { on: "filesystem", values: "size" },
  sync: { on: "both", values: ["standard", "always", "disabled"] },
  utf8only: { on: "filesystem", values: switches, isFixed: true },
  volblocksize: { on: "volume", values: "size", isFixed: true },
  xattr: { on: "filesystem", values: ["sa", "dir", "off"] },
};

const units = ["", "K", "M", "G", "T", "P"] as const;
const size = /^(\d+)([KMGTP]?)(?:i?B)?$/;

function bytesOf(text: string): string | undefined {
  const [, digits, unit = ""] = size.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const power = units.indexOf(unit as (typeof units)[number]);
  return (BigInt(digits) * 1024n ** BigInt(power)).toString();
}

/** Words that name one and the same setting; ZFS gives the second back. */
const synonyms: Readonly<Record<string, string>> = {
  "gzip-6": "gzip",
  "zstd-fast-1": "zstd-fast",
};

/** As `zfs get -p` gives it back. */
export function canonical(key: string, value: string): string {
  const { values } = managed[key] ?? {};
  if (key === "compression") return synonyms[value] ?? value;
  if (values === "size or none" && value === "none") return "0";
  const isSize = values === "size" || values === "size or none";
  return (isSize ? bytesOf(value) : undefined) ?? value;
}

/** What is wrong with a declared property; undefined: nothing. */
export function problemOf(
  key: string,
  value: string,
  type: "filesystem" | "volume",
): string | undefined {
  if (/^share(nfs|smb)$/.test(key)) {
    return `must not be set: ZFS would export to everybody beside what is declared. Declare ${key === "sharenfs" ? "NfsExports" : "an SMB share"}`;
  }
  const entry = managed[key];
  if (entry === undefined) return "is no property that can be declared";
  const { on, values } = entry;
  if (on !== "both" && on !== type) return `is for a ${on} only`;
  if (values === "size" || values === "size or none") {
    if (bytesOf(value) !== undefined) return undefined;
    if (values === "size or none" && value === "none") return undefined;
    return `must be a size like "128K"${values === "size" ? "" : ' or "none"'}`;
  }
  if (values instanceof RegExp)
    return values.test(value)
      ? undefined
      : "has a value that ZFS does not have";
  return values.includes(value)
    ? undefined
    : `must be ${values.map((item) => `"${item}"`).join(" or ")}`;
}
