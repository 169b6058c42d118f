import { type Config, text, volumeOf } from "../../guests/config";
import {
  formatProperties,
  isTrue,
  mergeProperties,
  type Property,
  parseProperties,
  parseSizeGiB,
} from "../../property-string";
import type { Disk, VirtualMachineInputs } from "../model";
import { sameSetting } from "../settings/formats";

export const efiSlot = "efidisk0";
export const tpmSlot = "tpmstate0";
const diskSlot = /^(scsi|virtio|sata|ide)\d+$/;

/** What is to be done to reach the inputs, each as the API takes it. */
export interface DiskPlan {
  /** Slots that have no volume yet, which the setting allocates. */
  add: Record<string, string>;
  /** New options over the volume that is there: it is never named anew. */
  options: Record<string, string>;
  move: { slot: string; storage: string; format?: string }[];
  /** Absolute sizes in GiB: sent twice they change nothing. */
  grow: { slot: string; size: number }[];
  /** Left with the guest as unusedN. */
  detach: string[];
  destroy: string[];
}

/**
 * `image` is what an empty slot is filled from, where it is not blank; `kept`
 * names the volumes that were left with the guest when their slots went.
 */
export function planDisks(
  inputs: VirtualMachineInputs,
  config: Config,
  before: VirtualMachineInputs | undefined,
  image: (slot: string) => string | undefined,
  kept: Readonly<Record<string, string>> = {},
): DiskPlan {
  const plan: DiskPlan = {
    add: {},
    options: {},
    move: [],
    grow: [],
    detach: [],
    destroy: [],
  };
  for (const [slot, disk] of Object.entries(inputs.disks)) {
    const current = text(config, slot);
    const size = sizeOf(config, slot);
    if (current === undefined) {
      const volume = unusedVolumes(config).find((file) => file === kept[slot]);
      plan.add[slot] = volume
        ? formatProperties({ file: volume, ...options(disk) }, "file")
        : newDisk(disk, image(slot));
    } else {
      const wanted = withOptions(disk, current, before?.disks[slot]);
      if (!sameSetting(slot, current, wanted)) plan.options[slot] = wanted;
      const move = moveOf(disk, current);
      if (move) plan.move.push({ slot, ...move });
      // Without a size the volume's own is asked for by the resize itself.
      if (!(size >= disk.size)) plan.grow.push({ slot, size: disk.size });
    }
  }
  for (const [slot, { onDestroy }] of Object.entries(before?.disks ?? {})) {
    if (slot in inputs.disks || !volumeOf(config, slot)) continue;
    (onDestroy === "keep" ? plan.detach : plan.destroy).push(slot);
  }
  planState(inputs, config, before, plan);
  return plan;
}

/** Firmware variables and TPM state: never destroyed by a changed input. */
function planState(
  inputs: VirtualMachineInputs,
  config: Config,
  before: VirtualMachineInputs | undefined,
  plan: DiskPlan,
): void {
  const { efiDisk, tpm } = inputs;
  const slots = [
    [efiSlot, efiDisk, before?.efiDisk, efiDisk && newEfiDisk(efiDisk)],
    [tpmSlot, tpm, before?.tpm, tpm && newTpm(tpm)],
  ] as const;
  for (const [slot, wanted, old, made] of slots) {
    const current = text(config, slot);
    if (current === undefined && made) plan.add[slot] = made;
    else if (current !== undefined && wanted) {
      const move = moveOf(wanted, current);
      if (move) plan.move.push({ slot, ...move });
    } else if (current !== undefined && old) plan.detach.push(slot);
  }
}

export function isDone(plan: DiskPlan): boolean {
  return Object.values(plan).every((part) => Object.keys(part).length === 0);
}

/** Whether the plan names volumes, for which the configuration must be the real one. */
export function namesVolumes({ options, move, detach, destroy }: DiskPlan) {
  return (
    Object.keys(options).length + move.length + detach.length + destroy.length >
    0
  );
}

export function diskSlots(config: Config): string[] {
  return Object.keys(config).filter(
    (key) =>
      (diskSlot.test(key) && !text(config, key)?.includes("media=cdrom")) ||
      key === efiSlot ||
      key === tpmSlot,
  );
}

function unusedVolumes(config: Config): string[] {
  return Object.keys(config).flatMap((key) => {
    const volume = /^unused\d+$/.test(key) && volumeOf(config, key);
    return volume ? [volume] : [];
  });
}

export function sizeOf(config: Config, slot: string): number {
  const value = text(config, slot) ?? "";
  return parseSizeGiB(parseProperties(value, "file").size ?? "");
}

/** Allocates each time it is sent: only for a slot that has no volume. */
export function newDisk(disk: Disk, image = disk.importFrom): string {
  return formatProperties(
    {
      file: image ? `${disk.storage}:0` : `${disk.storage}:${disk.size}`,
      "import-from": image,
      format: disk.format,
      ...options(disk),
    },
    "file",
  );
}

/** PVE takes the sizes from the firmware's image and the TPM's state. */
function newEfiDisk(efi: NonNullable<VirtualMachineInputs["efiDisk"]>): string {
  return formatProperties(
    {
      file: `${efi.storage}:1`,
      efitype: "4m",
      "pre-enrolled-keys": efi.preEnrolledKeys,
    },
    "file",
  );
}

function newTpm(tpm: NonNullable<VirtualMachineInputs["tpm"]>): string {
  const version = tpm.version ?? "v2.0";
  return formatProperties({ file: `${tpm.storage}:1`, version }, "file");
}

function withOptions(
  disk: Disk,
  current: string,
  before: Disk | undefined,
): string {
  const properties = parseProperties(current, "file");
  const old = before && options(before);
  return formatProperties(
    mergeProperties(properties, options(disk), old),
    "file",
  );
}

/** Undefined: nothing is said, and what stands there stays. */
function options(disk: Disk): Record<string, Property> {
  const { limits } = disk;
  return {
    discard: disk.discard === undefined ? undefined : onOff(disk.discard),
    ssd: disk.ssd,
    iothread: disk.ioThread,
    cache: disk.cache,
    aio: disk.asyncIo,
    backup: disk.backup,
    replicate: disk.replicate,
    serial: disk.serial,
    mbps_rd: limits?.read,
    mbps_wr: limits?.write,
    iops_rd: limits?.readOperations,
    iops_wr: limits?.writeOperations,
  };
}

const onOff = (value: boolean) => (value ? "on" : "ignore");

function moveOf(
  disk: { storage: string; format?: string },
  current: string,
): { storage: string; format?: string } | undefined {
  const file = parseProperties(current, "file").file ?? "";
  const { storage, format } = disk;
  const moves = storageOf(file) !== storage;
  const converts = format !== undefined && formatOf(file) !== format;
  return moves || converts ? { storage, format } : undefined;
}

function storageOf(file: string): string {
  return file.split(":")[0] ?? "";
}

/** By the file's name; block volumes are raw. */
function formatOf(file: string): Disk["format"] {
  const [, extension] = /\.(raw|qcow2|vmdk)$/.exec(file) ?? [];
  return (extension ?? "raw") as Disk["format"];
}

/** The inputs' disks as the device has them. */
export function disksFrom(
  { disks, efiDisk, tpm }: VirtualMachineInputs,
  config: Config,
): Pick<VirtualMachineInputs, "disks" | "efiDisk" | "tpm"> {
  const present = Object.entries(disks).flatMap(([slot, disk]) => {
    const value = text(config, slot);
    return value ? [[slot, diskFrom(disk, value)] as const] : [];
  });
  const state = <T extends { storage: string }>(
    wanted: T | undefined,
    slot: string,
  ): T | undefined => {
    const file = volumeOf(config, slot);
    return wanted && file ? { ...wanted, storage: storageOf(file) } : undefined;
  };
  return {
    disks: Object.fromEntries(present),
    efiDisk: state(efiDisk, efiSlot),
    tpm: state(tpm, tpmSlot),
  };
}

function diskFrom(disk: Disk, value: string): Disk {
  const properties = parseProperties(value, "file");
  const file = properties.file ?? "";
  const flag = (set: boolean | undefined, key: string, fallback = "0") =>
    set === undefined ? undefined : isTrue(properties[key] ?? fallback);
  const number = (key: string) =>
    properties[key] === undefined ? undefined : Number(properties[key]);
  const text = <T extends string>(set: T | undefined, key: string) =>
    set === undefined ? undefined : (properties[key] as T | undefined);
  return {
    ...disk,
    storage: storageOf(file),
    size: Math.round(parseSizeGiB(properties.size ?? "")),
    format: disk.format && formatOf(file),
    discard:
      disk.discard === undefined ? undefined : properties.discard === "on",
    ssd: flag(disk.ssd, "ssd"),
    ioThread: flag(disk.ioThread, "iothread"),
    cache: disk.cache && (text(disk.cache, "cache") ?? "none"),
    asyncIo: text(disk.asyncIo, "aio"),
    backup: flag(disk.backup, "backup", "1"),
    replicate: flag(disk.replicate, "replicate", "1"),
    serial: text(disk.serial, "serial"),
    limits: disk.limits && {
      read: number("mbps_rd"),
      write: number("mbps_wr"),
      readOperations: number("iops_rd"),
      writeOperations: number("iops_wr"),
    },
  };
}
