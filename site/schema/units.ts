import { z } from "zod";

const factors = {
  size: { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  block: { KiB: 2 ** 10, MiB: 2 ** 20 },
  /** As disks are sold. */
  capacity: { GB: 1e9, TB: 1e12 },
  rate: { Mbit: 1e6, Gbit: 1e9 },
  duration: { ms: 1, s: 1e3, min: 6e4, h: 3.6e6 },
};

export type Quantity = keyof typeof factors;

const inBytes: readonly Quantity[] = ["size", "block"];

/** Whole bytes, bits a second, or milliseconds; undefined when `text` is none. */
export function parseQuantity(
  text: string,
  quantity: Quantity,
): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text) ?? [];
  const units: Record<string, number> = factors[quantity];
  const factor = unit === undefined ? undefined : units[unit];
  if (factor === undefined) return undefined;
  const value = Number(digits) * factor;
  // A fraction of a decimal unit is a whole number that floats just miss. One of
  // a binary unit is exact: of bytes there are no parts, and ZFS's module does
  // not even load with a limit of 322122547.2.
  if (!inBytes.includes(quantity)) return Math.round(value);
  return Number.isInteger(value) ? value : undefined;
}

function quantity(name: Quantity, example: string) {
  const units = Object.keys(factors[name]);
  return z.string().transform((text, context) => {
    const value = parseQuantity(text, name);
    if (value !== undefined && value > 0) return value;
    const isPart =
      /^\d+\.\d/.test(text) && units.some((unit) => text.endsWith(unit));
    context.addIssue({
      code: "custom",
      message: isPart
        ? `"${text}" is no whole number of bytes, write a whole number of a smaller unit`
        : `"${text}" is no ${name}, write a number and one of ${units.join(", ")}, like ${example}`,
    });
    return z.NEVER;
  });
}

export const size = quantity("size", "20GiB");
/** Of ZFS: it takes nothing between. */
export const block = quantity("block", "128KiB").refine(
  (bytes) => Number.isInteger(Math.log2(bytes)) && bytes <= 16 * 2 ** 20,
  "must be a power of two, at most 16MiB",
);
export const capacity = quantity("capacity", "4TB");
export const rate = quantity("rate", "1Gbit");
export const duration = quantity("duration", "30s");
