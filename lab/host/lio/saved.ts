import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import type { HostWorld } from "../world";
import { aluaGroup, type Values } from "./defaults";
import { credentialKeys, credentialOf, kernelOf } from "./kernel";

export const savedFile = "/etc/rtslib-fb-target/saveconfig.json";
const backups = "/etc/rtslib-fb-target/backup";
const backupsAtMost = 10;

export interface SavedObject {
  name?: string;
  plugin?: string;
  dev?: string;
  wwn?: string;
  readonly?: boolean;
  attributes?: Values;
}

export interface SavedAcl extends Record<string, unknown> {
  node_wwn?: string;
  attributes?: Values;
  mapped_luns?: {
    index: number;
    tpg_lun: number;
    write_protect?: boolean;
    alias?: string;
  }[];
}

export interface SavedGroup {
  tag?: number;
  enable?: boolean;
  attributes?: Values;
  parameters?: Values;
  luns?: { index: number; storage_object: string; alias?: string }[];
  portals?: { ip_address: string; port: number }[];
  node_acls?: SavedAcl[];
}

export interface Saved {
  fabric_modules?: object[];
  storage_objects?: SavedObject[];
  targets?: { wwn?: string; fabric?: string; tpgs?: SavedGroup[] }[];
}

/** What the kernel serves now, in the library's form; secrets in clear. */
export function dump(world: HostWorld): Saved {
  const { objects, targets } = kernelOf(world);
  return {
    fabric_modules: [],
    storage_objects: objects.map(
      ({ name, dev, wwn, readonly, attributes }) => ({
        alua_tpgs: [aluaGroup],
        attributes,
        dev,
        name,
        plugin: "block",
        readonly,
        write_back: false,
        wwn,
      }),
    ),
    targets: targets.map((target) => ({
      fabric: "iscsi",
      parameters: {},
      tpgs: target.groups.map((group) => ({
        attributes: group.attributes,
        enable: group.enable,
        luns: group.luns.map(({ index, object, alias }) => ({
          alias,
          alua_tg_pt_gp_name: "default_tg_pt_gp",
          index,
          storage_object: `/backstores/block/${object}`,
        })),
        node_acls: group.acls.map(({ wwn, attributes, mappedLuns }) => ({
          attributes,
          ...Object.fromEntries(
            credentialKeys
              .map((key) => [
                key,
                credentialOf(world, target.wwn, group.tag, wwn, key),
              ])
              .filter(([, value]) => value !== ""),
          ),
          mapped_luns: mappedLuns.map((item) => ({
            alias: item.alias,
            index: item.index,
            tpg_lun: item.tpgLun,
            write_protect: item.writeProtect,
          })),
          node_wwn: wwn,
        })),
        parameters: group.parameters,
        portals: group.portals.map(({ address, port }) => ({
          ip_address: address,
          iser: false,
          offload: false,
          port,
        })),
        tag: group.tag,
      })),
      wwn: target.wwn,
    })),
  };
}

export function writeSaved(world: HostWorld, path: string): void {
  const file = world.path(path);
  rmSync(`${file}.temp`, { force: true });
  writeFileSync(file, `${JSON.stringify(sorted(dump(world)), null, 2)}\n`, {
    mode: 0o600,
  });
}

export function readSaved(world: HostWorld, path: string): Saved | undefined {
  let text: string;
  try {
    text = readFileSync(world.path(path), "utf8");
  } catch {
    return undefined;
  }
  return JSON.parse(text) as Saved;
}

/** Before the file is written anew the tool keeps what it was. */
export function keepBackup(world: HostWorld): void {
  mkdirSync(world.path(backups), { recursive: true, mode: 0o700 });
  let text: Buffer;
  try {
    text = readFileSync(world.path(savedFile));
  } catch {
    return;
  }
  const date = new Date().toISOString().slice(0, 19).replaceAll("-", "");
  const name = `saveconfig-${date.replace("T", "-")}-json.gz`;
  const all = readdirSync(world.path(backups)).sort();
  writeFileSync(world.path(`${backups}/${name}`), gzipSync(text), {
    mode: 0o600,
  });
  for (const old of all.reverse().slice(backupsAtMost - 1))
    rmSync(world.path(`${backups}/${old}`), { force: true });
}

export function makeFolder(world: HostWorld, path: string): void {
  mkdirSync(world.path(dirname(path)), { recursive: true, mode: 0o700 });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
