import { Failure } from "./failure";

/** Says what is wrong with a value in the words of PVE's JSONSchema.pm, or nothing. */
export type Check = (value: string, path?: string) => string | undefined;

/** Between the values of a key that is given several times. */
export const listSeparator = "\0";

/** For a parameter that may be given several times. */
export const list = (check: Check): Check => {
  const each: Check = (value) =>
    value
      .split(listSeparator)
      .map((item) => check(item))
      .find(Boolean);
  return Object.assign(each, { takesSeveral: true });
};

export interface Schema {
  required?: Record<string, Check>;
  optional?: Record<string, Check>;
  /** A parameter that cannot stand without another. */
  requires?: Record<string, string>;
}

export const string: Check = () => undefined;

export const integer =
  (
    minimum = Number.MIN_SAFE_INTEGER,
    maximum = Number.MAX_SAFE_INTEGER,
  ): Check =>
  (value) => {
    if (!/^[+-]?\d+$/.test(value)) {
      return `type check ('integer') failed - got '${value}'`;
    }
    if (Number(value) < minimum)
      return `value must have a minimum value of ${minimum}`;
    if (Number(value) > maximum)
      return `value must have a maximum value of ${maximum}`;
    return undefined;
  };

export const number =
  (minimum = -Infinity, maximum = Infinity): Check =>
  (value) => {
    if (!/^[+-]?(\d+\.\d+|\d+\.|\.\d+|\d+)([eE][+-]?\d+)?$/.test(value)) {
      return `type check ('number') failed - got '${value}'`;
    }
    if (Number(value) < minimum)
      return `value must have a minimum value of ${minimum}`;
    if (Number(value) > maximum)
      return `value must have a maximum value of ${maximum}`;
    return undefined;
  };

export const boolean: Check = (value) =>
  /^[01]$/.test(value)
    ? undefined
    : `type check ('boolean') failed - got '${value}'`;

export const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value)
      ? undefined
      : `value '${value}' does not have a value in the enumeration '${values.join(", ")}'`;

export const matching =
  (pattern: RegExp, format: string): Check =>
  (value) =>
    pattern.test(value)
      ? undefined
      : `invalid format - value does not look like a valid ${format}`;

/** A `pattern` of the schema, anchored as JSONSchema.pm does. */
export const pattern = (source: RegExp): Check => {
  const whole = new RegExp(`^(?:${source.source})$`, source.flags);
  return (value) =>
    whole.test(value) ? undefined : "value does not match the regex pattern";
};

export const limited =
  (length: number, check: Check = string): Check =>
  (value, path) =>
    check(value, path) ??
    (value.length > length
      ? `value may only be ${length} characters long`
      : undefined);

export const storageId = matching(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
  "storage ID",
);
export const digest = limited(40);
/** What a `format` of the schema says, in the words of its refusal. */
export const asFormat =
  (check: Check): Check =>
  (value) => {
    const error = check(value);
    return error && `invalid format - ${error}`;
  };

export const vmid = integer(100, 999_999_999);
export const dnsName = matching(
  /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/,
  "DNS name",
);

/** Refuses, all at once, what the schema does not know or a check does not take. */
export function verify(schema: Schema, params: Record<string, string>): void {
  const errors: Record<string, string> = {};
  const { required = {}, optional = {}, requires = {} } = schema;
  for (const key of Object.keys(required)) {
    if (params[key] === undefined) {
      errors[key] = "property is missing and it is not optional";
    }
  }
  for (const [key, value] of Object.entries(params)) {
    const check = required[key] ?? optional[key];
    const isScalar = check && !("takesSeveral" in check);
    const error = check
      ? isScalar && value.includes(listSeparator)
        ? "type check ('string') failed - got ARRAY"
        : check(value, key)
      : "property is not defined in schema and the schema does not allow additional properties";
    if (error) errors[key] = error;
    const needed = requires[key];
    if (needed !== undefined && params[needed] === undefined) {
      errors[needed] = `missing property - '${key}' requires this property`;
    }
  }
  if (Object.keys(errors).length > 0) {
    throw new Failure(400, "Parameter verification failed.", errors);
  }
}
