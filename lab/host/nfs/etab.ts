import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { HostWorld } from "../world";
import { decode, type Export, encode } from "./exports";
import { defaults, parseOptions, stored } from "./options";

const path = "/var/lib/nfs/etab";

/** What the machine exports now. */
export function readEtab(world: HostWorld): Export[] {
  let text: string;
  try {
    text = readFileSync(world.path(path), "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line, index) => {
    const [, name, client, list] = /^(\S+)\t([^(]+)\((.*)\)$/.exec(line) ?? [];
    if (name === undefined || client === undefined) return [];
    const place = { file: path, line: index + 1 };
    const options = parseOptions(list ?? "", defaults(), place);
    return [{ client, path: decode(name), options }];
  });
}

export function writeEtab(world: HostWorld, exports: readonly Export[]): void {
  const file = world.path(path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const lines = exports.map(
    (item) => `${encode(item.path)}\t${item.client}(${stored(item.options)})\n`,
  );
  writeFileSync(`${file}.tmp`, lines.join(""));
  renameSync(`${file}.tmp`, file);
}

/** The tool's order: names and addresses, networks, wildcards, everybody. */
export function ordered(exports: readonly Export[]): Export[] {
  const rank = ({ client }: Export) => {
    if (client === "*") return 3;
    if (/[*?[]/.test(client)) return 2;
    return client.includes("/") ? 1 : 0;
  };
  return [...exports].sort((left, right) => rank(left) - rank(right));
}
