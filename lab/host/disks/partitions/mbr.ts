import type { PartitionEntry } from "../device";
import { type Bytes, protectiveMbr, sectorBytes, type Writable } from "./gpt";

export interface MbrTable {
  /** "1a2b3c4d" */
  uuid: string;
  entries: PartitionEntry[];
}

const extendedTypes = [0x05, 0x0f, 0x85];

/** Undefined for a boot sector of FAT or NTFS, which ends in 55 AA as well. */
export function readMbr(disk: Bytes): MbrTable | undefined {
  const sector = disk.read(0, sectorBytes);
  if (sector.length < sectorBytes || sector.readUInt16LE(510) !== 0xaa55)
    return undefined;
  if (protectiveMbr(sector) || bootSector(sector)) return undefined;
  for (let row = 0; row < 4; row++) {
    const indicator = sector[446 + 16 * row];
    if (indicator !== 0 && indicator !== 0x80) return undefined;
  }
  const uuid = sector.readUInt32LE(440).toString(16).padStart(8, "0");
  const entries: PartitionEntry[] = [];
  let extended: number | undefined;
  for (let row = 0; row < 4; row++) {
    const entry = entryAt(sector, row, 0, uuid, row + 1);
    if (entry === undefined) continue;
    entries.push(entry);
    if (extendedTypes.includes(Number(entry.type)))
      extended ??= entry.startBytes;
  }
  if (extended !== undefined) entries.push(...logical(disk, extended, uuid));
  if (entries.length === 0 && uuid === "00000000") return undefined;
  return { uuid, entries };
}

function bootSector(sector: Buffer): boolean {
  const text = (at: number, length: number): string =>
    sector.toString("latin1", at, at + length);
  return (
    text(3, 8) === "NTFS    " ||
    text(54, 5) === "FAT12" ||
    text(54, 5) === "FAT16" ||
    text(82, 5) === "FAT32"
  );
}

function logical(
  disk: Bytes,
  extended: number,
  uuid: string,
): PartitionEntry[] {
  const entries: PartitionEntry[] = [];
  let here = extended;
  for (let number = 5; number < 64; number++) {
    const sector = disk.read(here, sectorBytes);
    if (sector.length < sectorBytes || sector.readUInt16LE(510) !== 0xaa55)
      break;
    const entry = entryAt(sector, 0, here, uuid, number);
    if (entry !== undefined) entries.push(entry);
    const next = entryAt(sector, 1, extended, uuid, number);
    if (next === undefined) break;
    here = next.startBytes;
  }
  return entries;
}

function entryAt(
  sector: Buffer,
  row: number,
  base: number,
  uuid: string,
  number: number,
): PartitionEntry | undefined {
  const at = 446 + 16 * row;
  const start = sector.readUInt32LE(at + 8);
  const sectors = sector.readUInt32LE(at + 12);
  if (sectors === 0) return undefined;
  const active = sector[at] === 0x80;
  return {
    scheme: "dos",
    number,
    startBytes: base + start * sectorBytes,
    sizeBytes: sectors * sectorBytes,
    type: `0x${(sector[at + 4] ?? 0).toString(16)}`,
    uuid: `${uuid}-${number.toString(16).padStart(2, "0")}`,
    ...(active ? { flags: 0x80n } : {}),
  };
}

/** Up to four primary partitions. */
export function writeMbr(
  disk: Writable,
  partitions: readonly {
    startBytes: number;
    sizeBytes: number;
    type: number;
  }[],
  identifier: number,
): void {
  const sector = disk.read(0, sectorBytes);
  sector.fill(0, 440, 510);
  sector.writeUInt32LE(identifier, 440);
  for (const [row, partition] of partitions.entries()) {
    const at = 446 + 16 * row;
    sector[at + 4] = partition.type;
    sector.writeUInt32LE(partition.startBytes / sectorBytes, at + 8);
    sector.writeUInt32LE(partition.sizeBytes / sectorBytes, at + 12);
  }
  sector.writeUInt16LE(0xaa55, 510);
  disk.write(0, sector);
}
