import { z } from "zod";
import type { Properties, Property } from "../zfs/properties";

/**
 * Pool properties that can change at any time. `autoreplace` is not among
 * them: with it ZFS writes to whatever disk comes into a slot.
 */
export const poolProperties = z.strictObject({
  autoexpand: z.boolean().optional(),
  autotrim: z.boolean().optional(),
  comment: z
    .string()
    .max(32)
    .regex(/^[\x20-\x7e]+$/, "must be printable ASCII")
    .refine((text) => text !== "-", 'must not be "-", by which ZFS says none')
    .optional(),
  delegation: z.boolean().optional(),
  failmode: z.enum(["wait", "continue", "panic"]).optional(),
  listsnapshots: z.boolean().optional(),
  /** Guards against an import elsewhere; wants a host id of its own. */
  multihost: z.boolean().optional(),
});

/** What ZFS has where nobody set one: pools know no `inherit`. */
export const poolDefaults: Record<
  keyof z.output<typeof poolProperties>,
  string
> = {
  autoexpand: "off",
  autotrim: "off",
  comment: "",
  delegation: "on",
  failmode: "wait",
  listsnapshots: "off",
  multihost: "off",
};

const kib = 1024;
const isPowerOfTwo = (bytes: number) => Number.isInteger(Math.log2(bytes));

/** Of the pool's root dataset, in the only spelling in which ZFS says them back. */
export const rootProperties = z.strictObject({
  acltype: z.enum(["off", "posix", "nfsv4"]).optional(),
  atime: z.boolean().optional(),
  compression: z
    .string()
    .regex(
      /^(on|off|lz4|lzjb|zle|gzip(-[1-57-9])?|zstd(-fast)?(-[1-9]\d*)?)$/,
      'must be one of ZFS\'s, such as "lz4" or "zstd-3" ("gzip" for "gzip-6")',
    )
    .optional(),
  dnodesize: z
    .enum(["legacy", "auto", "1k", "2k", "4k", "8k", "16k"])
    .optional(),
  /** In bytes. */
  recordsize: z
    .int()
    .min(512)
    .max(16 * kib * kib)
    .refine(isPowerOfTwo, "must be a power of two")
    .optional(),
  relatime: z.boolean().optional(),
  xattr: z.enum(["off", "dir", "sa"]).optional(),
  /**
   * Whether Debian's cron scrubs the pool too: all of them at one time, on the
   * second Sunday of a month (/usr/lib/zfs-linux/scrub).
   */
  "org.debian:periodic-scrub": z.enum(["auto", "enable", "disable"]).optional(),
});

/** What of the root dataset cannot be inherited goes back by hand. */
export const rootDefaults: Readonly<Record<string, string>> = {
  canmount: "on",
};

export type PropertyInputs = Record<
  string,
  string | number | boolean | undefined
>;

export function toZfs(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "on" : "off") : `${value}`;
}

/**
 * A declared property as ZFS has it; undefined: nobody set it there. Before
 * 2.3 "dir" is said back as "on".
 */
export function fromZfs(
  key: string,
  declared: string | number | boolean,
  found: Property | undefined,
): string | number | boolean | undefined {
  if (found === undefined || found.source === "default") return undefined;
  const { value } = found;
  if (typeof declared === "boolean" && /^(on|off)$/.test(value))
    return value === "on";
  if (typeof declared === "number" && /^\d+$/.test(value)) return Number(value);
  return key === "xattr" && value === "on" ? "dir" : value;
}

/** The declared ones as they are found. */
export function found<T extends object>(
  declared: T | undefined,
  properties: Properties,
): T | undefined {
  if (declared === undefined) return undefined;
  const entries = Object.entries(declared as PropertyInputs)
    .filter(([, value]) => value !== undefined)
    .map(([key, value = ""]) => [
      key,
      fromZfs(key, value, properties.get(key)),
    ]);
  return Object.fromEntries(entries) as T;
}

export interface Difference {
  /** "key=value" */
  set: string[];
  /** Declared before, and no longer. */
  reset: string[];
}

export function difference(
  olds: object | undefined,
  news: object | undefined,
  properties: Properties,
): Difference {
  const wanted = Object.entries((news ?? {}) as PropertyInputs).filter(
    ([, value]) => value !== undefined,
  ) as [string, string | number | boolean][];
  const keys = new Set(wanted.map(([key]) => key));
  return {
    set: wanted
      .filter(
        ([key, value]) => fromZfs(key, value, properties.get(key)) !== value,
      )
      .map(([key, value]) => `${key}=${toZfs(value)}`),
    reset: Object.entries((olds ?? {}) as PropertyInputs)
      .filter(([key, value]) => value !== undefined && !keys.has(key))
      .map(([key]) => key)
      .filter((key) => isSet(properties.get(key))),
  };
}

function isSet(property: Property | undefined): boolean {
  return (
    property !== undefined &&
    !["default", "none", "inherited"].includes(property.source)
  );
}
