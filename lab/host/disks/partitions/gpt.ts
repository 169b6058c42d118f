import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { PartitionEntry } from "../device";

export const sectorBytes = 512;
const entryCount = 128;
const entryBytes = 128;
const entrySectors = (entryCount * entryBytes) / sectorBytes;

export const gptTypes = {
  linux: "0fc63daf-8483-4772-8e79-3d69d8477de4",
  efiSystem: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  biosBoot: "21686148-6449-6e6f-744e-656564454649",
  storageSpaces: "e75caf8f-f680-4cee-afa3-b001e56efc2d",
  microsoftReserved: "e3c9e316-0b5c-4db8-817d-f92df00215ae",
  microsoftBasicData: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
  zfs: "6a898cc3-1dd2-11b2-99a6-080020736631",
  solarisReserved: "6a945a3b-1dd2-11b2-99a6-080020736631",
} as const;

export interface Bytes {
  readonly sizeBytes: number;
  read(offset: number, length: number): Buffer;
}

export interface Writable extends Bytes {
  write(offset: number, data: Buffer): void;
}

export interface GptTable {
  uuid: string;
  /** LBA of the header that was good: 1, or the last sector. */
  headerSector: number;
  entries: PartitionEntry[];
}

/** Undefined when neither header is good, or without `force` no protective MBR is there. */
export function readGpt(disk: Bytes, force = false): GptTable | undefined {
  if (!force && !protectiveMbr(disk.read(0, sectorBytes))) return undefined;
  const last = Math.floor(disk.sizeBytes / sectorBytes) - 1;
  return readAt(disk, 1) ?? readAt(disk, last);
}

export function protectiveMbr(sector: Buffer): boolean {
  if (sector.length < sectorBytes || sector.readUInt16LE(510) !== 0xaa55)
    return false;
  return [0, 1, 2, 3].some((row) => sector[446 + 16 * row + 4] === 0xee);
}

function readAt(disk: Bytes, sector: number): GptTable | undefined {
  const header = disk.read(sector * sectorBytes, sectorBytes);
  if (header.length < sectorBytes) return undefined;
  if (header.toString("latin1", 0, 8) !== "EFI PART") return undefined;
  const headerBytes = header.readUInt32LE(12);
  if (headerBytes < 92 || headerBytes > sectorBytes) return undefined;
  const bare = Buffer.from(header.subarray(0, headerBytes));
  bare.writeUInt32LE(0, 16);
  if (crc32(bare) !== header.readUInt32LE(16)) return undefined;
  if (header.readBigUInt64LE(24) !== BigInt(sector)) return undefined;
  const count = header.readUInt32LE(80);
  const size = header.readUInt32LE(84);
  if (count * size > 1 << 20 || size < entryBytes) return undefined;
  const at = Number(header.readBigUInt64LE(72)) * sectorBytes;
  const rows = disk.read(at, count * size);
  if (crc32(rows) !== header.readUInt32LE(88)) return undefined;
  const entries: PartitionEntry[] = [];
  for (let row = 0; row < count; row++) {
    const entry = rows.subarray(row * size, row * size + size);
    if (entry.subarray(0, 16).every((byte) => byte === 0)) continue;
    const start = entry.readBigUInt64LE(32);
    const end = entry.readBigUInt64LE(40);
    const label = entry.toString("utf16le", 56, 128).replace(/\0.*$/s, "");
    const flags = entry.readBigUInt64LE(48);
    entries.push({
      scheme: "gpt",
      number: row + 1,
      startBytes: Number(start) * sectorBytes,
      sizeBytes: Number(end - start + 1n) * sectorBytes,
      type: guidText(entry.subarray(0, 16)),
      uuid: guidText(entry.subarray(16, 32)),
      ...(label === "" ? {} : { label }),
      ...(flags === 0n ? {} : { flags }),
    });
  }
  return {
    uuid: guidText(header.subarray(56, 72)),
    headerSector: sector,
    entries,
  };
}

export interface NewPartition {
  number?: number;
  startBytes: number;
  sizeBytes: number;
  type: string;
  uuid?: string;
  label?: string;
}

/** Protective MBR, both headers and both arrays, as sgdisk and libefi write them. */
export function writeGpt(
  disk: Writable,
  partitions: readonly NewPartition[],
  diskUuid = guidText(randomBytes(16)),
): void {
  const sectors = Math.floor(disk.sizeBytes / sectorBytes);
  const rows = Buffer.alloc(entryCount * entryBytes);
  for (const [index, partition] of partitions.entries()) {
    const at = ((partition.number ?? index + 1) - 1) * entryBytes;
    const start = BigInt(partition.startBytes / sectorBytes);
    const end = start + BigInt(partition.sizeBytes / sectorBytes) - 1n;
    guidBytes(partition.type).copy(rows, at);
    guidBytes(partition.uuid ?? guidText(randomBytes(16))).copy(rows, at + 16);
    rows.writeBigUInt64LE(start, at + 32);
    rows.writeBigUInt64LE(end, at + 40);
    rows.write(partition.label ?? "", at + 56, 72, "utf16le");
  }
  const mbr = disk.read(0, sectorBytes);
  mbr.fill(0, 446, 510);
  const covered = Math.min(sectors - 1, 0xffffffff);
  mbr.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff], 446);
  mbr.writeUInt32LE(1, 454);
  mbr.writeUInt32LE(covered, 458);
  mbr.writeUInt16LE(0xaa55, 510);
  const last = sectors - 1;
  const header = (here: number, other: number, array: number): Buffer => {
    const bytes = Buffer.alloc(sectorBytes);
    bytes.write("EFI PART", 0, "latin1");
    bytes.writeUInt32LE(0x00010000, 8);
    bytes.writeUInt32LE(92, 12);
    bytes.writeBigUInt64LE(BigInt(here), 24);
    bytes.writeBigUInt64LE(BigInt(other), 32);
    bytes.writeBigUInt64LE(BigInt(2 + entrySectors), 40);
    bytes.writeBigUInt64LE(BigInt(last - entrySectors - 1), 48);
    guidBytes(diskUuid).copy(bytes, 56);
    bytes.writeBigUInt64LE(BigInt(array), 72);
    bytes.writeUInt32LE(entryCount, 80);
    bytes.writeUInt32LE(entryBytes, 84);
    bytes.writeUInt32LE(crc32(rows), 88);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
    return bytes;
  };
  disk.write((last - entrySectors) * sectorBytes, rows);
  disk.write(last * sectorBytes, header(last, 1, last - entrySectors));
  disk.write(2 * sectorBytes, rows);
  disk.write(sectorBytes, header(1, last, 2));
  disk.write(0, mbr);
}

/** GUIDs on disk: the first three groups little-endian. */
export function guidText(bytes: Buffer): string {
  const hex = (part: Buffer): string => part.toString("hex");
  const swapped = (from: number, to: number): string =>
    hex(Buffer.from(bytes.subarray(from, to)).reverse());
  return `${swapped(0, 4)}-${swapped(4, 6)}-${swapped(6, 8)}-${hex(bytes.subarray(8, 10))}-${hex(bytes.subarray(10, 16))}`;
}

export function guidBytes(text: string): Buffer {
  const [a = "", b = "", c = "", d = "", e = ""] = text.split("-");
  const swapped = (part: string): Buffer => Buffer.from(part, "hex").reverse();
  return Buffer.concat([
    swapped(a),
    swapped(b),
    swapped(c),
    Buffer.from(d + e, "hex"),
  ]);
}
