import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostWorld } from "../../world";

export interface MultipathConfiguration {
  findMultipaths: string;
  userFriendlyNames: boolean;
  noPathRetry?: string;
  pathGroupingPolicy: string;
  blacklisted(wwid: string, name: string): boolean;
  /** What the tools say on stderr at each start. */
  warnings: readonly string[];
}

interface Section {
  name: string;
  values: Map<string, string[]>;
  sections: Section[];
}

const sectionNames = new Set([
  "defaults",
  "blacklist",
  "blacklist_exceptions",
  "devices",
  "device",
  "multipaths",
  "multipath",
  "overrides",
  "protocol",
]);

export function readConfiguration(world: HostWorld): MultipathConfiguration {
  const top: Section = { name: "", values: new Map(), sections: [] };
  const warnings: string[] = [];
  const main = "/etc/multipath.conf";
  if (existsSync(world.path(main))) parse(world, main, top, warnings);
  const folder = "/etc/multipath/conf.d";
  if (existsSync(world.path(folder)))
    for (const name of readdirSync(world.path(folder)).sort())
      if (name.endsWith(".conf"))
        parse(world, join(folder, name), top, warnings);
  const last = (section: string, key: string): string | undefined =>
    top.sections
      .filter(({ name }) => name === section)
      .flatMap(({ values }) => values.get(key) ?? [])
      .at(-1);
  const patterns = (section: string, key: string): RegExp[] =>
    top.sections
      .filter(({ name }) => name === section)
      .flatMap(({ values }) => values.get(key) ?? [])
      .map((text) => new RegExp(text));
  const hit = (section: string, key: string, text: string): boolean =>
    patterns(section, key).some((pattern) => pattern.test(text));
  return {
    findMultipaths: last("defaults", "find_multipaths") ?? "strict",
    userFriendlyNames: /^(yes|1)$/.test(
      last("defaults", "user_friendly_names") ?? "no",
    ),
    noPathRetry: last("defaults", "no_path_retry"),
    pathGroupingPolicy: last("defaults", "path_grouping_policy") ?? "failover",
    blacklisted: (wwid, name) =>
      (hit("blacklist", "wwid", wwid) &&
        !hit("blacklist_exceptions", "wwid", wwid)) ||
      (hit("blacklist", "devnode", name) &&
        !hit("blacklist_exceptions", "devnode", name)),
    warnings,
  };
}

function parse(
  world: HostWorld,
  path: string,
  top: Section,
  warnings: string[],
): void {
  const stack = [top];
  const lines = readFileSync(world.path(path), "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    const words = line.replace(/[#!].*$/, "").match(/"[^"]*"|[{}]|[^\s{}"]+/g);
    if (words === null) continue;
    const [first = "", ...rest] = words.map((word) => word.replaceAll('"', ""));
    const section = stack.at(-1) ?? top;
    const where = `${path} line ${index + 1}`;
    if (first === "}") {
      if (stack.length > 1) stack.pop();
      else warnings.push(`${where}, unmatched '}'`);
    } else if (rest.at(-1) === "{" || sectionNames.has(first)) {
      const inner = { name: first, values: new Map(), sections: [] };
      if (!sectionNames.has(first))
        warnings.push(
          `${where}, invalid keyword in the base config section: ${first}`,
        );
      section.sections.push(inner);
      stack.push(inner);
      if (rest.at(-1) === "}") stack.pop();
    } else if (rest.length === 0) {
      warnings.push(`${where}, missing value for option "${first}"`);
    } else {
      const value = rest.join(" ");
      section.values.set(first, [...(section.values.get(first) ?? []), value]);
    }
  }
}
