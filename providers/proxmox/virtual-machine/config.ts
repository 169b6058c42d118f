import { type Mark, withMark, withoutMark } from "../../dynamic/owner";
import { type Config, text, volumeOf } from "../guests/config";
import {
  formatProperties,
  isTrue,
  parseProperties,
  parseSizeGiB,
} from "../property-string";
import type { Disk, Nic, VirtualMachineInputs } from "./model";

export const cloudInitSlot = "ide2";
const nicModel = "virtio";
const diskSlot = /^(scsi|virtio|sata)\d+$/;

export function diskSlots(config: Config): string[] {
  return Object.keys(config).filter(
    (key) => diskSlot.test(key) && !text(config, key)?.includes("media=cdrom"),
  );
}

export function sizeOf(config: Config, slot: string): number {
  const value = text(config, slot) ?? "";
  return parseSizeGiB(parseProperties(value, "file").size ?? "");
}

/** Every key that the inputs decide, except disks; undefined: unset it. */
export function plainSettings(
  inputs: VirtualMachineInputs,
  mark: Mark,
  config: Config,
): Config {
  const { cloudInit } = inputs;
  // People may write around the mark, unless the inputs say what stands there.
  const words = inputs.description ?? withoutMark(text(config, "description"));
  const settings: Config = {
    name: inputs.name,
    description: withMark(words, mark),
    cores: inputs.cores,
    memory: inputs.memory,
    cpu: inputs.cpuType,
    onboot: inputs.onBoot ? 1 : undefined,
    agent: inputs.agent ? "enabled=1" : undefined,
    tags: inputs.tags && [...inputs.tags].sort().join(";"),
    [cloudInitSlot]: cloudInit
      ? (text(config, cloudInitSlot) ?? `${cloudInit.storage}:cloudinit`)
      : undefined,
    ciuser: cloudInit?.user,
    sshkeys: cloudInit?.sshKeys && encodeKeys(cloudInit.sshKeys),
    nameserver: cloudInit?.nameservers?.join(" "),
    searchdomain: cloudInit?.searchDomain,
  };
  for (const key of indexed(config, "net", inputs.nics)) {
    settings[key] = nicSetting(inputs.nics[key], text(config, key));
  }
  const addresses = cloudInit?.addresses ?? {};
  for (const nic of indexed(config, "net", addresses)) {
    const key = nic.replace("net", "ipconfig");
    const address = addresses[nic];
    settings[key] =
      address && formatProperties({ ip: address.ipv4, gw: address.gateway });
  }
  return settings;
}

/** The keys that differ from `config`, and those to be unset. */
export function changesTo(
  config: Config,
  settings: Config,
): { set: Record<string, string | number>; unset: string[] } {
  const set: Record<string, string | number> = {};
  const unset: string[] = [];
  for (const [key, value] of Object.entries(settings)) {
    const current = text(config, key);
    if (value === undefined) {
      if (current !== undefined) unset.push(key);
    } else if (current === undefined || !equal(key, current, `${value}`)) {
      set[key] = value;
    }
  }
  return { set, unset };
}

/** A slot's options over what stands there now: the volume is never named anew. */
export function diskSetting(disk: Disk, current: string): string {
  const properties = parseProperties(current, "file");
  return formatProperties(
    {
      ...properties,
      discard: onOrNone(disk.discard),
      ssd: oneOrNone(disk.ssd),
    },
    "file",
  );
}

/** Allocates: only for a slot that has no volume. */
export function newDisk(disk: Disk, image?: string): string {
  return formatProperties(
    {
      file: image ? `${disk.storage}:0` : `${disk.storage}:${disk.size}`,
      "import-from": image,
      discard: onOrNone(disk.discard),
      ssd: oneOrNone(disk.ssd),
    },
    "file",
  );
}

/**
 * The inputs as the device has them. Only what the inputs set is compared, so
 * that what PVE or a person adds elsewhere is no drift.
 */
export function inputsFrom(
  inputs: VirtualMachineInputs,
  config: Config,
  running: boolean,
): VirtualMachineInputs {
  const tags = text(config, "tags");
  return {
    ...inputs,
    name: text(config, "name") ?? "",
    description: inputs.description && withoutMark(text(config, "description")),
    cores: Number(config.cores ?? 1),
    memory: Number(parseProperties(`${config.memory}`, "current").current),
    cpuType: inputs.cpuType && text(config, "cpu"),
    disks: Object.fromEntries(
      Object.entries(inputs.disks).flatMap(([slot, disk]) => {
        const value = text(config, slot);
        return value ? [[slot, diskFrom(disk, value)]] : [];
      }),
    ),
    nics: Object.fromEntries(
      indexed(config, "net", {}).map((key) => [
        key,
        nicFrom(inputs.nics[key], text(config, key) ?? ""),
      ]),
    ),
    cloudInit: inputs.cloudInit && cloudInitFrom(inputs.cloudInit, config),
    tags: inputs.tags && reordered(tags?.split(/[;, ]/) ?? [], inputs.tags),
    onBoot: Number(config.onboot ?? 0) === 1,
    agent: agentOn(config),
    power: running ? "running" : "stopped",
  };
}

export function agentOn(config: Config): boolean {
  return isTrue(
    parseProperties(text(config, "agent") ?? "", "enabled").enabled,
  );
}

function diskFrom(disk: Disk, value: string): Disk {
  const properties = parseProperties(value, "file");
  return {
    ...disk,
    storage: properties.file?.split(":")[0] ?? "",
    size: Math.round(parseSizeGiB(properties.size ?? "")),
    discard:
      disk.discard === undefined ? undefined : properties.discard === "on",
    ssd: disk.ssd === undefined ? undefined : isTrue(properties.ssd),
  };
}

function nicFrom(nic: Nic | undefined, value: string): Nic {
  const properties = parseProperties(value, "model");
  const trunks = properties.trunks?.split(";").map(Number);
  return {
    bridge: properties.bridge ?? "",
    tag: properties.tag === undefined ? undefined : Number(properties.tag),
    trunks: trunks && nic?.trunks ? reordered(trunks, nic.trunks) : trunks,
    mac: nic?.mac && macOf(value),
  };
}

function cloudInitFrom(
  wanted: NonNullable<VirtualMachineInputs["cloudInit"]>,
  config: Config,
): VirtualMachineInputs["cloudInit"] {
  const keys = text(config, "sshkeys");
  return {
    ...wanted,
    storage: volumeOf(config, cloudInitSlot)?.split(":")[0] ?? "",
    user: wanted.user && text(config, "ciuser"),
    sshKeys: wanted.sshKeys && (keys ? decodeKeys(keys) : []),
    nameservers:
      wanted.nameservers && (text(config, "nameserver")?.split(" ") ?? []),
    searchDomain: wanted.searchDomain && text(config, "searchdomain"),
    addresses:
      wanted.addresses &&
      Object.fromEntries(
        Object.keys(wanted.addresses).flatMap((nic) => {
          const value = text(config, nic.replace("net", "ipconfig"));
          if (value === undefined) return [];
          const { ip, gw } = parseProperties(value, "ip");
          return [[nic, { ipv4: ip ?? "", gateway: gw }]];
        }),
      ),
  };
}

function nicSetting(nic: Nic | undefined, current = "") {
  if (nic === undefined) return undefined;
  const { bridge, tag, trunks } = nic;
  const { model: _model, ...kept } = parseProperties(current, "model");
  const mac = nic.mac ?? macOf(current);
  return formatProperties({
    ...kept,
    ...(mac ? { [nicModel]: mac } : { model: nicModel }),
    bridge,
    tag,
    trunks: trunks && [...trunks].sort((a, b) => a - b).join(";"),
  });
}

function macOf(value: string): string | undefined {
  return /([0-9A-F]{2}:){5}[0-9A-F]{2}/i.exec(value)?.[0].toUpperCase();
}

function equal(key: string, current: string, wanted: string): boolean {
  if (/^(net|ipconfig|scsi|virtio|sata|agent)/.test(key)) {
    const defaultKey = key === "agent" ? "enabled" : "file";
    const [left, right] = [current, wanted].map((value) =>
      Object.entries(parseProperties(value, defaultKey)).sort().join(),
    );
    return left === right;
  }
  if (key === "tags") return current.split(/[;, ]/).sort().join(";") === wanted;
  if (key === "sshkeys") {
    return decodeKeys(current).join() === decodeKeys(wanted).join();
  }
  // PVE ends a description with a newline.
  return current.trim() === wanted.trim();
}

/** The indexed keys of the guest and of the inputs together. */
function indexed(config: Config, kind: string, wanted: object): string[] {
  const pattern = new RegExp(`^${kind}\\d+$`);
  const present = Object.keys(config).filter((key) => pattern.test(key));
  return [...new Set([...present, ...Object.keys(wanted)])].sort();
}

/** `actual` in the order of `wanted`, when both hold the same. */
function reordered<T>(actual: T[], wanted: T[]): T[] {
  const equalSets =
    actual.length === wanted.length && wanted.every((x) => actual.includes(x));
  return equalSets ? wanted : actual;
}

/** PVE wants the keys percent-encoded before the form's own encoding. */
function encodeKeys(keys: string[]): string {
  return encodeURIComponent(keys.join("\n"));
}

function decodeKeys(value: string): string[] {
  return decodeURIComponent(value).trim().split("\n");
}

const onOrNone = (value?: boolean) => (value ? "on" : undefined);
const oneOrNone = (value?: boolean) => (value ? "1" : undefined);
