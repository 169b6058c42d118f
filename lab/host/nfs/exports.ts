import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { HostWorld } from "../world";
import { BadOption, defaults, type Options, parseOptions } from "./options";

/** A directory to one client. */
export interface Export {
  client: string;
  path: string;
  options: Options;
}

const main = "/etc/exports";
const folder = "/etc/exports.d";

/** What the files say, with what the tool says about them, in its order. */
export function readFiles(
  world: HostWorld,
  say: (line: string) => void,
): Export[] {
  const files = [main, ...names(world).map((name) => join(folder, name))];
  return files.flatMap((file) => {
    let text: string;
    try {
      text = readFileSync(world.path(file), "utf8");
    } catch {
      if (file === main) say(`can't open ${main} for reading`);
      return [];
    }
    return readFile(file, text, say);
  });
}

function names(world: HostWorld): string[] {
  try {
    return readdirSync(world.path(folder))
      .map((name) => basename(name))
      .filter((name) => /^[^.].*\.exports$/.test(name))
      .sort((left, right) => (left < right ? -1 : 1));
  } catch {
    return [];
  }
}

/** What stands before a fault in a file counts, the rest of it does not. */
export function readFile(
  file: string,
  text: string,
  say: (line: string) => void,
): Export[] {
  const found: Export[] = [];
  const lines = text.replaceAll("\\\n", " \0").split("\n");
  let line = 0;
  for (const raw of lines) {
    line += 1 + (raw.match(/\0/g)?.length ?? 0);
    const [path, ...others] = tokens(raw.replaceAll("\0", ""));
    if (path === undefined) continue;
    try {
      found.push(...readLine(path, others, { file, line }, say));
    } catch (error) {
      if (!(error instanceof BadOption)) throw error;
      say(error.message);
      return found;
    }
  }
  return found;
}

function readLine(
  path: string,
  tokens: readonly string[],
  place: { file: string; line: number },
  say: (line: string) => void,
): Export[] {
  let base = defaults();
  const clients = tokens.filter((token) => {
    if (!token.startsWith("-")) return true;
    base = parseOptions(token.slice(1), base, place);
    return false;
  });
  return (clients.length === 0 ? [""] : clients).flatMap((token) => {
    const [, client = "", list] = /^([^(]*)(?:\((.*)\))?$/.exec(token) ?? [];
    if (token.includes("(") && list === undefined) {
      throw new BadOption(
        `${place.file}:${place.line}: syntax error: bad option list`,
      );
    }
    if (list === undefined && base.saysSubtreeCheck === false) {
      say(
        `No options for ${path} ${client}: suggest ${client}(sync) to avoid warning`,
      );
    }
    const options = parseOptions(list ?? "", base, place);
    if (!options.saysSubtreeCheck) {
      say(
        `${place.file} [${place.line}]: Neither 'subtree_check' or 'no_subtree_check' specified for export "${client}:${path}".\n  Assuming default behaviour ('no_subtree_check').\n  NOTE: this default has changed since nfs-utils version 1.0.x\n`,
      );
    }
    if (client === "") {
      say(
        `No host name given with ${path} (${list ?? ""}), suggest *(${list ?? ""}) to avoid warning`,
      );
    }
    return isKnown(client, say)
      ? [{ client: client || "*", path, options }]
      : [];
  });
}

/** No name resolves here but the machine's own. */
function isKnown(client: string, say: (line: string) => void): boolean {
  const [address = "", prefix] = client.split("/");
  const isAddress = /^(\d+\.){3}\d+$|^[0-9a-f:]*:[0-9a-f:.]*$/i.test(address);
  const longest = address.includes(":") ? 128 : 32;
  const isMask = prefix !== undefined && /^(\d+\.){3}\d+$/.test(prefix);
  if (isAddress && (prefix === undefined || isMask)) return true;
  if (isAddress && Number(prefix) <= longest) return true;
  if (!isAddress && /^$|[*?[@]|^localhost$/.test(client)) return true;
  const complaint = isAddress
    ? `Invalid prefix \`${prefix}' for ${client}`
    : `Failed to resolve ${client}`;
  say(complaint);
  say(complaint);
  return false;
}

function tokens(line: string): string[] {
  const found = line.match(/(?:"[^"]*"|[^\s"#]|(?<=\S)#)+|#.*$/g) ?? [];
  const end = found.findIndex((token) => token.startsWith("#"));
  return (end < 0 ? found : found.slice(0, end)).map((token) =>
    decode(token.replaceAll('"', "")),
  );
}

export function decode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

export function encode(text: string): string {
  return text.replace(
    /[\s"#\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}
