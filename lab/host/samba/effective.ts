import { existsSync, readFileSync } from "node:fs";
import type { HostWorld } from "../world";
import {
  isBytes,
  isParametric,
  isValid,
  type Named,
  parameterOf,
  truth,
} from "./parameters";
import { loadRegistry } from "./registry";
import { isSame, parseConfiguration, type Section } from "./smb-conf";

export const configurationFile = "/etc/samba/smb.conf";

export interface Effective {
  /** Under the parameters' own names. */
  global: ReadonlyMap<string, string>;
  shares: { name: string; parameters: ReadonlyMap<string, string> }[];
}

/** What a program of Samba makes of a file, and what it says meanwhile; undefined: it refuses it. */
export function effective(
  world: HostWorld,
  file: string,
  say: (line: string) => void,
): Effective | undefined {
  const path = world.path(file);
  if (!existsSync(path)) return undefined;
  const sections = parseConfiguration(readFileSync(path, "utf8"));
  if (sections === undefined) return undefined;
  const global = new Map<string, string>();
  const shares: { name: string; parameters: Map<string, string> }[] = [];
  const take = ({ name, parameters }: Section, quiet: boolean) => {
    const isGlobal = isSame(name, "global");
    const there = shares.find((share) => isSame(share.name, name));
    const own = there ?? { name, parameters: inherited(global) };
    if (!isGlobal && there === undefined) shares.push(own);
    for (const [key, value] of parameters) {
      const into = isGlobal ? global : own.parameters;
      if (isParametric(key)) into.set(key.toLowerCase(), value);
      else if (!put(into, key, value, isGlobal, quiet ? () => undefined : say))
        return false;
    }
    return true;
  };
  for (const section of sections) if (!take(section, false)) return undefined;
  if (truth(global.get("registry shares") ?? "no"))
    for (const section of loadRegistry(world)) {
      const isTaken = shares.some(({ name }) => isSame(name, section.name));
      if (!isSame(section.name, "global") && !isTaken) take(section, true);
    }
  for (const { name, parameters } of shares) {
    if (parameters.get("path") || isSame(name, "homes")) continue;
    say(`WARNING: No path in service ${name} - making it unavailable!`);
    parameters.set("available", "no");
  }
  for (const { name, parameters } of shares)
    if (truth(parameters.get("available") ?? "yes") === false)
      say(`NOTE: Service ${name} is flagged unavailable.`);
  return { global, shares };
}

/** What a share begins with: [global] as far as it was read by then. */
export function inherited(
  global: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(
    [...global].filter(([key]) => parameterOf(key)?.isGlobal === false),
  );
}

/** False: the whole file is refused. */
function put(
  into: Map<string, string>,
  key: string,
  value: string,
  isGlobal: boolean,
  say: (line: string) => void,
): boolean {
  const parameter = parameterOf(key);
  if (parameter === undefined) {
    say(`Unknown parameter encountered: "${key}"`);
    say(`Ignoring unknown parameter "${key}"`);
    return true;
  }
  if (parameter.isDeprecated)
    say(
      `lpcfg_do_global_parameter: WARNING: The "${parameter.name}" option is deprecated`,
    );
  if (!isGlobal && parameter.isGlobal) {
    say(`Global parameter ${parameter.name} found in service section!`);
    return true;
  }
  const fault = faultOf(parameter, value);
  if (fault) {
    say(fault);
    return false;
  }
  const meant = parameter.isInverse ? (truth(value) ? "no" : "yes") : value;
  into.set(parameter.name, meant);
  return true;
}

function faultOf(parameter: Named, value: string): string | undefined {
  const { type, name } = parameter;
  if (type === "bool" && truth(value) === undefined)
    return `set_variable_helper(${value}): value is not boolean!`;
  if (type === "bytes" && !isBytes(value))
    return `set_variable_helper(${value}): value is not a valid size specifier!`;
  if (type === "enum" && !isValid(parameter, value))
    return `WARNING: Ignoring invalid value '${value}' for parameter '${name}'`;
  return undefined;
}
