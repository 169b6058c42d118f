import { isDeepStrictEqual } from "node:util";

/** What the engine sends where a value is not known yet, whatever its type. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function containsUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (value === null || typeof value !== "object") return false;
  return Object.values(value).some(containsUnknown);
}

/**
 * Without keys whose value is undefined: one of them inside the outputs makes
 * the SDK fail AFTER the thing was made.
 */
export function withoutUndefined<T>(value: T): T {
  if (Array.isArray(value)) {
    return value
      .filter((item) => item !== undefined)
      .map(withoutUndefined) as T;
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, withoutUndefined(item)]),
  ) as T;
}

/** Keys of both, at every depth; where both have one, `right`'s. */
export function merge(left: unknown, right: unknown): object {
  const merged: Record<string, unknown> = { ...(left as object) };
  for (const [key, value] of Object.entries(right as object)) {
    const nested = isPlain(merged[key]) && isPlain(value);
    if (nested) merged[key] = merge(merged[key], value);
    else if (value !== undefined) merged[key] = value;
  }
  return merged;
}

function isPlain(value: unknown): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function same(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(withoutUndefined(left), withoutUndefined(right));
}

/** The value at a path, or the nearest ancestor that is unknown. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (value === unknownValue || value === null || typeof value !== "object") {
      return value;
    }
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The values at a path in which "*" stands for every item of a list. */
export function valuesAt(
  root: unknown,
  [key, ...rest]: readonly string[],
): unknown[] {
  if (key === undefined) return [root];
  if (root === null || typeof root !== "object") return [];
  const items =
    key === "*"
      ? Object.values(root)
      : [(root as Record<string, unknown>)[key]];
  return items.flatMap((item) => valuesAt(item, rest));
}
