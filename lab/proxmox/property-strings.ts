import { boolean, type Check } from "./parameters";

export type Properties = Record<string, string>;

/** One key of a property string, in the terms of JSONSchema.pm. */
export interface Property {
  check: Check;
  required?: boolean;
  /** Its value may stand without the key. */
  isDefault?: boolean;
  /** Its value is kept under this key, its own name under the other. */
  alias?: string;
  keyAlias?: string;
  requires?: string;
}

export type Format = Record<string, Property>;

export const of = (check: Check): Property => ({ check });
export const flag: Property = of(boolean);
export const aliasOf = (alias: string, keyAlias?: string): Property => ({
  check: () => undefined,
  alias,
  keyAlias,
});
export const needed = (property: Property): Property => ({
  ...property,
  required: true,
});
export const first = (property: Property): Property => ({
  ...property,
  isDefault: true,
});

/** Reads what is known to be well-formed, keys as they stand there. */
export function parse(text: string, defaultKey: string): Properties {
  const result: Properties = {};
  for (const part of text.split(",").filter(Boolean)) {
    const at = part.indexOf("=");
    if (at < 0) result[defaultKey] = part;
    else result[part.slice(0, at)] = part.slice(at + 1);
  }
  return result;
}

/** The default key first and bare, the others by name, as PVE prints them. */
export function print(properties: Properties, defaultKey: string): string {
  const { [defaultKey]: first, ...others } = properties;
  const rest = Object.keys(others)
    .sort()
    .map((key) => `${key}=${others[key]}`);
  return [...(first === undefined ? [] : [first]), ...rest].join(",");
}

/** Reads by a format: aliases resolved, booleans as 0 and 1; throws in PVE's words. */
export function read(format: Format, text: string, path = ""): Properties {
  const result: Properties = {};
  const { defaultKey } = outline(format);
  for (const part of text.split(",")) {
    if (/^\s*$/.test(part)) continue;
    const [, key, value] = /^([^=]+)=(.+)$/s.exec(part) ?? [];
    if (key !== undefined && value !== undefined) {
      readKey(format, result, key, value);
    } else if (part.includes("=")) {
      throw new Error("missing key in comma-separated list property");
    } else if (defaultKey === undefined) {
      throw new Error(
        "value without key, but schema does not define a default key",
      );
    } else {
      refuseSecond(result, defaultKey);
      result[defaultKey] = part;
    }
  }
  const errors = problems(format, result, path);
  if (errors.length > 0)
    throw new Error(["format error", ...errors].join("\n"));
  return result;
}

function readKey(
  format: Format,
  result: Properties,
  name: string,
  value: string,
): void {
  refuseSecond(result, name);
  const { alias, keyAlias } = format[name] ?? {};
  if (keyAlias !== undefined) {
    if (result[keyAlias] !== undefined)
      throw new Error(`key alias '${keyAlias}' is already defined`);
    result[keyAlias] = name;
  }
  const key = alias ?? name;
  const property = format[key];
  if (property === undefined)
    throw new Error(`invalid key in comma-separated list property: ${key}`);
  result[key] =
    property.check === boolean ? (booleanValue(value) ?? value) : value;
}

function refuseSecond(result: Properties, key: string): void {
  if (result[key] !== undefined)
    throw new Error(`duplicate key in comma-separated list property: ${key}`);
}

function booleanValue(value: string): string | undefined {
  if (/^(1|on|yes|true)$/i.test(value)) return "1";
  return /^(0|off|no|false)$/i.test(value) ? "0" : undefined;
}

function problems(format: Format, values: Properties, path: string): string[] {
  const at = (key: string) => (path ? `${path}.${key}` : key);
  const missing = outline(format)
    .required.filter((key) => values[key] === undefined)
    .map((key) => `${at(key)}: property is missing and it is not optional`);
  const wrong = Object.entries(values).flatMap(([key, value]) => {
    const { requires, check } = format[key] ?? {};
    if (requires !== undefined && values[requires] === undefined) {
      return `${at(requires)}: missing property - '${at(key)}' requires this property`;
    }
    const error = check?.(value, at(key));
    return error ? `${at(key)}: ${error}` : [];
  });
  return [...missing, ...wrong];
}

const outlines = new WeakMap<
  Format,
  { defaultKey: string | undefined; required: string[] }
>();

function outline(format: Format) {
  const known = outlines.get(format);
  if (known !== undefined) return known;
  const keys = Object.keys(format);
  const made = {
    defaultKey: keys.find((key) => format[key]?.isDefault),
    required: keys.filter((key) => format[key]?.required),
  };
  outlines.set(format, made);
  return made;
}

/** The check of a parameter that is a property string. */
export function formatted(
  format: Format,
  validate?: (properties: Properties) => string | undefined,
): Check {
  return (text, path) => {
    try {
      const error = validate?.(read(format, text, path));
      if (validate === undefined) read(format, text, path);
      return error && `invalid format - ${error}`;
    } catch (error) {
      return `invalid format - ${(error as Error).message}`;
    }
  };
}
