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

/** Bytes, bits a second, or milliseconds; undefined when `text` is none. */
export function parseQuantity(
  text: string,
  quantity: Quantity,
): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text) ?? [];
  const units: Record<string, number> = factors[quantity];
  const factor = unit === undefined ? undefined : units[unit];
  return factor && Number(digits) * factor;
}

function quantity(name: Quantity, example: string) {
  const units = Object.keys(factors[name]).join(", ");
  return z.string().transform((text, context) => {
    const value = parseQuantity(text, name);
    if (value !== undefined && value > 0) return value;
    context.addIssue({
      code: "custom",
      message: `"${text}" is no ${name}, write a number and one of ${units}, like ${example}`,
    });
    return z.NEVER;
  });
}

export const size = quantity("size", "20GiB");
export const block = quantity("block", "128KiB");
export const capacity = quantity("capacity", "4TB");
export const rate = quantity("rate", "1Gbit");
export const duration = quantity("duration", "30s");
