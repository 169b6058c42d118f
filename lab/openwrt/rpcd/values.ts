/** Arguments of a method with their types, in ubus' words. */
export type Types = Record<string, string>;

/** What a method sees of its arguments: one unknown or of another type is none. */
export function seen(
  types: Types,
  args: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).filter(([key, value]) => types[key] === typeOf(value)),
  );
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  if (typeof value === "number" && !Number.isInteger(value)) return "double";
  return typeof value;
}

/** A value as rpcd's uci.c makes a text of it; undefined: it takes no such value. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  // blobmsg holds it in 32 bits where it fits, and both are printed unsigned.
  const fits = value >= -(2 ** 31) && value < 2 ** 31;
  return fits ? String(value >>> 0) : String(BigInt.asUintN(64, BigInt(value)));
}

/** Names that libuci takes; a type may have hyphens too. */
export const isName = (text: unknown): text is string =>
  typeof text === "string" && /^\w+$/.test(text);
export const isType = (text: unknown): text is string =>
  typeof text === "string" && /^[\w-]+$/.test(text);
