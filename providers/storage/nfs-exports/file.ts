import { formatFileMark } from "../mark";
import type { Entry, NfsExportsInputs } from "./model";
import { format, type Options, optionsOf, parseOptions } from "./options";

/** A path to one client. */
export interface Pair {
  path: string;
  client: string;
  options: Options;
}

export const folder = "/etc/exports.d";

export function fileOf(name: string): string {
  return `${folder}/hybrid-site-${name}.exports`;
}

export function pairsOf(entries: readonly Entry[]): Pair[] {
  return entries.flatMap((entry) =>
    entry.clients.map((client) => ({
      path: entry.path,
      client,
      options: optionsOf(entry),
    })),
  );
}

export function keyOf({ path, client }: Pick<Pair, "path" | "client">): string {
  return `${client}:${path}`;
}

export function isSame(left: Options, right: Options): boolean {
  return format(left) === format(right);
}

/** As `exportfs` takes it; an address of IPv6 has colons of its own. */
export function operandOf({ path, client }: Pair): string {
  return `${client.includes(":") ? `[${client}]` : client}:${path}`;
}

/** A line for each client: a fault in one would take the others of its line along. */
export function render(
  { owner, entries }: NfsExportsInputs,
  adopted: boolean,
): string {
  const lines = pairsOf(entries).map(
    ({ path, client, options }) => `${path} ${client}(${format(options)})`,
  );
  return `${[formatFileMark(owner, adopted), ...lines].join("\n")}\n`;
}

/** What any file of exports says, as far as it can be read. */
export function parseFile(text: string): Pair[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((line) => {
      const words = line.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
      const end = words.findIndex((word) => word.startsWith("#"));
      const [path, ...rest] = (end < 0 ? words : words.slice(0, end)).map(
        (word) => decode(word.replaceAll('"', "")),
      );
      if (path === undefined) return [];
      const clients = rest.filter((word) => !word.startsWith("-"));
      return (clients.length === 0 ? ["*"] : clients).map((word) => {
        const [, client, list = ""] = /^([^(]*)(?:\((.*)\))?$/.exec(word) ?? [];
        return { path, client: client || "*", options: parseOptions(list) };
      });
    });
}

/** What the server exports: the lines of `exportfs -s`. */
export function parseExported(text: string): Pair[] {
  return text.split("\n").flatMap((line) => {
    const [, path, client, list = ""] =
      /^(\S+) +([^(]+)\((.*)\)$/.exec(line) ?? [];
    if (path === undefined || client === undefined) return [];
    return [{ path: decode(path), client, options: parseOptions(list) }];
  });
}

function decode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
