/** PVE's "property string": comma separated key=value, the first key may be left out. */
export type Properties = Record<string, string>;

export type Property = string | number | boolean | undefined;

/** `defaultKey` names the part without a key (PVE's JSONSchema `default_key`). */
export function parseProperties(text: string, defaultKey: string): Properties {
  const properties: Properties = {};
  for (const part of text.split(",")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at < 0) properties[defaultKey] = part;
    else properties[part.slice(0, at)] = part.slice(at + 1);
  }
  return properties;
}

/** Undefined values are left out; the default key's value comes first, bare. */
export function formatProperties(
  properties: Record<string, Property>,
  defaultKey?: string,
): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const text = typeof value === "boolean" ? (value ? "1" : "0") : `${value}`;
    if (key === defaultKey) parts.unshift(text);
    else parts.push(`${key}=${text}`);
  }
  return parts.join(",");
}

/**
 * What the inputs say over what stands there, in which other people may have
 * set more: a property goes only when the inputs said it before.
 */
export function mergeProperties(
  current: Properties,
  wanted: Record<string, Property>,
  before: Record<string, Property> = {},
): Record<string, Property> {
  const merged: Record<string, Property> = { ...current };
  for (const [key, value] of Object.entries(wanted)) {
    if (value !== undefined) merged[key] = value;
    else if (before[key] !== undefined) delete merged[key];
  }
  return merged;
}

/** Whether two property strings say the same, PVE's defaults filled in. */
export function sameProperties(
  left: string,
  right: string,
  defaultKey: string,
  defaults: Properties = {},
): boolean {
  const canonical = (text: string) =>
    Object.entries(parseProperties(text, defaultKey))
      .map(([key, value]) => [key, canonicalFlag(value)] as const)
      .filter(([key, value]) => value !== defaults[key])
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join();
  return canonical(left) === canonical(right);
}

function canonicalFlag(value: string): string {
  if (isTrue(value)) return "1";
  return /^(off|no|false)$/i.test(value) ? "0" : value;
}

/** PVE accepts 1, on, yes, true (pve-common JSONSchema.pm, parse_boolean). */
export function isTrue(text: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(text ?? "");
}

const unitGiB: Record<string, number> = {
  K: 1 / 1024 ** 2,
  M: 1 / 1024,
  G: 1,
  T: 1024,
};

/** "20G", "512M" -> GiB; a bare number is bytes. */
export function parseSizeGiB(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([KMGT])?$/.exec(text) ?? [];
  if (digits === undefined) return Number.NaN;
  return (
    Number(digits) * (unit ? (unitGiB[unit] ?? Number.NaN) : 1 / 1024 ** 3)
  );
}
