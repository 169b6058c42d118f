import { gptTypes, writeGpt } from "../../disks/partitions/gpt";
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
  for (const { leaf } of leavesIn(spec)) {
    const device = new Disks(world).find(leaf.path ?? "");
    if (device === undefined) continue;
    if (leaf.wholeDisk) {
      const end = Math.floor(device.sizeBytes / 1024 ** 2) * 1024 ** 2;
      const reserveAt = end - reserveBytes - 1024 * 1024;
      writeGpt(device, [
        {
          startBytes,
          sizeBytes: reserveAt - startBytes,
          type: gptTypes.zfs,
          label: `zfs-${BigInt(leaf.guid).toString(16).padStart(16, "0")}`,
        },
        {
          number: 9,
          startBytes: reserveAt,
          sizeBytes: reserveBytes,
          type: gptTypes.solarisReserved,
        },
      ]);
      leaf.path = partitionPath(leaf.path ?? "", 1);
    }
    const part = new Disks(world).find(leaf.path ?? "");
    if (part === undefined)
      throw new Failure(
        `missing link: ${device.name} was partitioned but ${leaf.path} is missing`,
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
