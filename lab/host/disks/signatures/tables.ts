import { protectiveMbr, readGpt } from "../partitions/gpt";
import { readMbr } from "../partitions/mbr";
import type { Found, Probe } from "./probe";

/** The disk as these readers want it, with what is hidden hidden. */
function bytesOf(probe: Probe) {
  return {
    sizeBytes: probe.sizeBytes,
    read: (offset: number, length: number) =>
      probe.read(offset, length) ?? Buffer.alloc(0),
  };
}

export function dosTable(probe: Probe): Found | undefined {
  const table = readMbr(bytesOf(probe));
  if (table === undefined) return undefined;
  const uuid = table.uuid === "00000000" ? undefined : table.uuid;
  return { magicOffset: 510, magicBytes: 2, tags: [["PTUUID", uuid]] };
}

/** `force`: also without a protective MBR, as wipefs does. */
export function gptTable(probe: Probe, force: boolean): Found | undefined {
  if (probe.sizeBytes <= 1024 * 1440) return undefined;
  const table = readGpt(bytesOf(probe), force);
  if (table === undefined) return undefined;
  return {
    magicOffset: table.headerSector * 512,
    magicBytes: 8,
    tags: [["PTUUID", table.uuid]],
  };
}

/** A protective MBR whose GPT is gone. */
export function protectiveTable(probe: Probe): Found | undefined {
  const sector = probe.read(0, 512);
  if (sector === undefined || !protectiveMbr(sector)) return undefined;
  if (readGpt(bytesOf(probe), true) !== undefined) return undefined;
  return { magicOffset: 510, magicBytes: 2, tags: [] };
}
