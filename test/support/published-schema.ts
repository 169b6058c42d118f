import { formatProblem } from "./published-formats";

/** A parameter, or a key of a property string; of type string unless it says. */
export interface Property {
  type?: "integer" | "number" | "boolean" | "array";
  /** Its values, with blanks between them. */
  enum?: string;
  pattern?: string;
  /** The name of one, or the keys of a property string. */
  format?: string | Format;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  required?: true;
  requires?: string;
  /** In a property string its value may stand without the key. */
  isDefault?: true;
  /** The key that it stands for, and the one that takes its own name. */
  alias?: string;
  keyAlias?: string;
}
export type Format = Record<string, Property>;
/** By "PUT /nodes/{node}/config"; the path's own places are no parameters here. */
export type Endpoints = Record<string, Record<string, Property>>;

/** A line of the lab's record. */
export interface Sent {
  method: string;
  path: string;
  params: Record<string, string>;
}

/** Between the values of a parameter that was sent several times. */
const separator = "\0";
const places: Record<string, Property> = {
  id: { format: "pve-configid" },
  iface: { format: "pve-iface" },
  node: { format: "pve-node" },
  sid: { format: "pve-ha-resource-or-vm-id" },
  storage: { format: "pve-storage-id" },
  upid: { pattern: "UPID:\\S+:" },
  vmid: { format: "pve-vmid" },
  volume: {},
};

/** What the schema says against a request, each with the request's name. */
export function problemsOf(schema: Endpoints, sent: Sent): string[] {
  const { method, path, params } = sent;
  const name = `${method} ${path}`;
  const endpoint = endpointOf(schema, name);
  if (endpoint === undefined) return [`${name}: is not in the schema`];
  const { template, values } = endpoint;
  const parameters = schema[template] ?? {};
  const inPath = values.flatMap(([key, value]) =>
    judge(places[key] ?? {}, value, `{${key}}`),
  );
  const given = Object.entries(params).flatMap(([key, value]) => {
    const property = propertyOf(parameters, key);
    if (property === undefined) return [`${key}: is not in the schema`];
    return [
      ...judge(property, value, key),
      ...unknownNames(parameters, key, property, value),
    ];
  });
  const all = [...inPath, ...given, ...together(parameters, params, "")];
  return all.map((problem) => `${name}: ${problem}`);
}

/** The endpoint that a request is for: a place of its own before any other. */
export function endpointOf(
  schema: Endpoints,
  name: string,
): { template: string; values: [string, string][] } | undefined {
  for (const template of Object.keys(schema)) {
    const keys = [...template.matchAll(/\{(\w+)\}/g)].map(
      ([, key = ""]) => key,
    );
    const pattern = template
      .replace("{volume}", "(.+)")
      .replace(/\{\w+\}/g, "([^/]+)");
    const match = new RegExp(`^${pattern}$`).exec(name);
    if (match === null) continue;
    return {
      template,
      values: keys.map((key, i) => [key, match[i + 1] ?? ""]),
    };
  }
  return undefined;
}

function propertyOf(properties: Format, key: string): Property | undefined {
  return properties[key] ?? properties[key.replace(/\d+$/, "[n]")];
}

/** What is to be unset has to be a parameter itself. */
function unknownNames(
  parameters: Format,
  key: string,
  { format }: Property,
  value: string,
): string[] {
  if (!/^(delete|revert)$/.test(key) || format !== "pve-configid-list")
    return [];
  return value
    .split(",")
    .filter((item) => propertyOf(parameters, item) === undefined)
    .map((item) => `${key}: "${item}" is not in the schema`);
}

function judge(property: Property, text: string, at: string): string[] {
  const values = text.split(separator);
  if (property.type !== "array" && values.length > 1)
    return [`${at}: is sent more than once`];
  return values.flatMap((value) => {
    const { format } = property;
    const problem = valueProblem(property, value);
    if (problem) return [`${at}: ${problem}`];
    if (typeof format === "object") return propertyString(format, value, at);
    const wrong = format && formatProblem(format, value);
    return wrong ? [`${at}: ${wrong}`] : [];
  });
}

function valueProblem(property: Property, value: string): string | undefined {
  const { type, pattern, minLength = 0, maxLength = Infinity } = property;
  const types: Record<string, RegExp> = {
    integer: /^[+-]?\d+$/,
    number: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
    boolean: /^[01]$/,
  };
  if (type && types[type]?.test(value) === false)
    return `"${value}" is no ${type}`;
  const { minimum = -Infinity, maximum = Infinity } = property;
  if (/^(integer|number)$/.test(type ?? "")) {
    if (Number(value) < minimum) return `${value} is less than ${minimum}`;
    if (Number(value) > maximum) return `${value} is more than ${maximum}`;
  }
  if (property.enum && !property.enum.split(" ").includes(value))
    return `"${value}" is none of ${property.enum}`;
  if (pattern && !new RegExp(`^(?:${pattern})$`).test(value))
    return `"${value}" does not match ${pattern}`;
  if (value.length < minLength) return `is shorter than ${minLength}`;
  if (value.length > maxLength) return `is longer than ${maxLength}`;
  return undefined;
}

function propertyString(format: Format, text: string, at: string): string[] {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  const standIn = Object.keys(format).find((key) => format[key]?.isDefault);
  for (const part of text.split(",").filter(Boolean)) {
    const [, named, value = part] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    const name = named ?? standIn;
    const { alias, keyAlias } = (name && format[name]) || {};
    const key = alias ?? name;
    const property = key && format[key];
    if (!key || !property) {
      problems.push(`${at}: "${part}" has no key of the schema`);
      continue;
    }
    if (key in values) problems.push(`${at}.${key}: is there twice`);
    values[key] = value;
    if (keyAlias && name) values[keyAlias] = name;
    problems.push(...judge(property, value, `${at}.${key}`));
  }
  return [...problems, ...together(format, values, `${at}.`)];
}

function together(
  properties: Format,
  values: Record<string, string>,
  at: string,
): string[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const isThere = key in values;
    const { required, requires } = property;
    if (required && !isThere) return [`${at}${key}: is missing`];
    return isThere && requires && !(requires in values)
      ? [`${at}${key}: requires ${requires}`]
      : [];
  });
}
