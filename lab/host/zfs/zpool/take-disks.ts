import type { Device } from "../../disks";
import { BlockDevices } from "../../disks/devices";
import { gptTypes, writeGpt } from "../../disks/partitions/gpt";
import { settle } from "../../disks/udev";
import type { HostWorld } from "../../world";
import { Disks } from "../disks";
import { Failure } from "../options";
import { partitionPath } from "./in-use";
import { leavesIn, type Specification } from "./specification";

const reserveBytes = 8 * 1024 * 1024;
const startBytes = 1024 * 1024;

/**
 * What zpool does to disks before the kernel is asked: whole ones get a GPT,
 * and the first 4 KiB of what will be used are gone.
 */
export function takeDisks(world: HostWorld, spec: Specification): void {
  const leaves = [...leavesIn(spec)].map(({ leaf }) => leaf);
  const whole = leaves.filter(({ wholeDisk }) => wholeDisk);
  if (whole.length > 0) {
    // udev's turn is once, after all of them.
    const devices = new BlockDevices(world, () => undefined);
    const disks = new Disks(world);
    for (const leaf of whole) {
      const name = disks.find(leaf.path ?? "")?.name;
      const device = devices.all().find((other) => other.name === name);
      if (device !== undefined) label(device, leaf.guid);
      leaf.path = partitionPath(leaf.path ?? "", 1);
    }
    settle(world);
  }
  const disks = new Disks(world);
  for (const leaf of leaves) {
    const part = disks.find(leaf.path ?? "");
    if (part === undefined)
      throw new Failure(
        `missing link: the disk was partitioned but ${leaf.path} is missing`,
      );
    part.write(0, Buffer.alloc(4_096));
    leaf.sizeBytes = part.sizeBytes;
    const suffix = leaf.wholeDisk ? "-part1" : "";
    leaf.devid =
      part.kind === "mpath"
        ? `dm-uuid-mpath-3${part.wwn.slice(2)}`
        : `scsi-3${part.wwn.slice(2)}${suffix}`;
  }
}

function label(device: Device, guid: string): void {
  const end = Math.floor(device.sizeBytes / 1024 ** 2) * 1024 ** 2;
  const reserveAt = end - reserveBytes - 1024 * 1024;
  writeGpt(device, [
    {
      startBytes,
      sizeBytes: reserveAt - startBytes,
      type: gptTypes.zfs,
      label: `zfs-${BigInt(guid).toString(16).padStart(16, "0")}`,
    },
    {
      number: 9,
      startBytes: reserveAt,
      sizeBytes: reserveBytes,
      type: gptTypes.solarisReserved,
    },
  ]);
}

/** Two names of one disk: the kernel sees it when it opens them. */
export function sameDevice(world: HostWorld, spec: Specification): boolean {
  const disks = new Disks(world);
  const seen = new Set<string>();
  for (const { leaf } of leavesIn(spec)) {
    const device = disks.find(leaf.path ?? "");
    if (device === undefined) continue;
    const key = `${device.serial}:${device.partition?.number ?? 0}`;
    if (seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}
