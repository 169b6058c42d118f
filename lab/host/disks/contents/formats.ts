import { createHash } from "node:crypto";
import type { Writable } from "../partitions/gpt";
import { lvmChecksum } from "../signatures/containers";
import { crc32c } from "../signatures/probe";

/** The same seed makes the same bytes: a world is made alike wherever it is made. */
export function bytesFrom(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; parts.length * 32 < length; index++)
    parts.push(createHash("sha256").update(`${seed}:${index}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** Version 4, as the tools make them. */
export function uuidFrom(seed: string): Buffer {
  const bytes = bytesFrom(`uuid:${seed}`, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}

export function dashed(uuid: Buffer): string {
  return uuid
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export interface Format {
  seed: string;
  label?: string;
}

/** Superblock and data behind it: what there is to lose. */
export function ext4(device: Writable, { label = "", seed }: Format): void {
  const block = Buffer.alloc(1024);
  const blocks = BigInt(Math.floor(device.sizeBytes / 4096));
  const groups = Math.ceil(Number(blocks) / 32768);
  block.writeUInt32LE(groups * 8192, 0);
  block.writeUInt32LE(Number(blocks & 0xffffffffn), 4);
  block.writeUInt32LE(Number(blocks >> 32n), 336);
  block.writeUInt32LE(2, 24);
  block.writeUInt32LE(2, 28);
  block.writeUInt32LE(32768, 32);
  block.writeUInt32LE(32768, 36);
  block.writeUInt32LE(8192, 40);
  block.writeUInt16LE(0xef53, 56);
  block.writeUInt16LE(1, 58);
  block.writeUInt32LE(1, 76);
  block.writeUInt32LE(11, 84);
  block.writeUInt16LE(256, 88);
  block.writeUInt32LE(0x3c, 92);
  block.writeUInt32LE(0x2c2, 96);
  block.writeUInt32LE(0x46b, 100);
  uuidFrom(seed).copy(block, 104);
  block.write(label, 120, 16, "utf8");
  block.writeUInt32LE(8, 224);
  block.writeUInt16LE(64, 254);
  // metadata_csum: type crc32c, and the sum itself.
  block.writeUInt8(1, 373);
  block.writeUInt32LE(crc32c(block.subarray(0, 1020)), 1020);
  device.write(1024, block);
  device.write(64 * 1024, bytesFrom(`${seed}:data`, 8192));
}

export function xfs(device: Writable, { label = "", seed }: Format): void {
  const blocks = BigInt(Math.floor(device.sizeBytes / 4096));
  const group = (blocks + 3n) / 4n;
  const block = Buffer.alloc(512);
  block.write("XFSB", 0, "latin1");
  block.writeUInt32BE(4096, 4);
  block.writeBigUInt64BE(blocks, 8);
  uuidFrom(seed).copy(block, 32);
  block.writeBigUInt64BE(8n, 48);
  block.writeBigUInt64BE(128n, 56);
  block.writeUInt32BE(1, 80);
  block.writeUInt32BE(Number(group), 84);
  block.writeUInt32BE(4, 88);
  block.writeUInt32BE(2560, 96);
  block.writeUInt16BE(0xb4a5, 100);
  block.writeUInt16BE(512, 102);
  block.writeUInt16BE(512, 104);
  block.writeUInt16BE(8, 106);
  block.write(label, 108, 12, "utf8");
  block.set([12, 9, 9, 3], 120);
  block.writeUInt8(Math.ceil(Math.log2(Number(group))), 124);
  block.writeUInt8(25, 127);
  block.writeUInt32BE(0x18a, 200);
  block.writeUInt32BE(0x18a, 204);
  block.writeUInt32LE((crc32c(block) ^ 0xffffffff) >>> 0, 224);
  device.write(0, block);
  device.write(64 * 1024, bytesFrom(`${seed}:data`, 8192));
}

export function swap(device: Writable, { label = "", seed }: Format): void {
  const page = Buffer.alloc(4096);
  page.writeUInt32LE(1, 1024);
  page.writeUInt32LE(
    Math.min(Math.floor(device.sizeBytes / 4096), 0xffffffff) - 1,
    1028,
  );
  uuidFrom(seed).copy(page, 1036);
  page.write(label, 1052, 16, "utf8");
  page.write("SWAPSPACE2", 4086, "latin1");
  device.write(0, page);
}

/** FAT32, as of an EFI system partition. */
export function vfat(device: Writable, { label = "", seed }: Format): void {
  const sectors = Math.floor(device.sizeBytes / 512);
  const fatSectors = Math.ceil(((sectors / 8) * 4) / 512);
  const name = label.toUpperCase().padEnd(11).slice(0, 11);
  const sector = Buffer.alloc(512);
  sector.write("\xeb\x58\x90mkfs.fat", 0, "latin1");
  sector.writeUInt16LE(512, 11);
  sector.writeUInt8(8, 13);
  sector.writeUInt16LE(32, 14);
  sector.writeUInt8(2, 16);
  sector.writeUInt8(0xf8, 21);
  sector.writeUInt32LE(sectors, 32);
  sector.writeUInt32LE(fatSectors, 36);
  sector.writeUInt32LE(2, 44);
  sector.writeUInt16LE(1, 48);
  sector.writeUInt16LE(6, 50);
  sector.writeUInt8(0x29, 66);
  bytesFrom(seed, 4).copy(sector, 67);
  sector.write(label === "" ? "NO NAME    " : name, 71, "latin1");
  sector.write("FAT32   ", 82, "latin1");
  sector.writeUInt16LE(0xaa55, 510);
  const information = Buffer.alloc(512);
  information.write("RRaA", 0, "latin1");
  information.write("rrAa", 484, "latin1");
  information.writeUInt16LE(0xaa55, 510);
  device.write(0, sector);
  device.write(512, information);
  if (label === "") return;
  const entry = Buffer.alloc(32);
  entry.write(name, 0, "latin1");
  entry.writeUInt8(0x08, 11);
  device.write((32 + 2 * fatSectors) * 512, entry);
}

export function lvm(device: Writable, { seed }: Format): void {
  const letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const uuid = [...bytesFrom(seed, 32)]
    .map((byte) => letters[byte % letters.length])
    .join("");
  const label = Buffer.alloc(512);
  label.write("LABELONE", 0, "latin1");
  label.writeBigUInt64LE(1n, 8);
  label.writeUInt32LE(32, 20);
  label.write("LVM2 001", 24, "latin1");
  label.write(uuid, 32, "latin1");
  label.writeBigUInt64LE(BigInt(device.sizeBytes), 64);
  label.writeBigUInt64LE(1n << 20n, 72);
  label.writeBigUInt64LE(4096n, 104);
  label.writeBigUInt64LE((1n << 20n) - 4096n, 112);
  label.writeUInt32LE(lvmChecksum(label), 16);
  device.write(512, label);
  device.write(2 << 20, bytesFrom(`${seed}:data`, 8192));
}

/** MD with a version 1.2 superblock: one leg of a mirror. */
export function raid(device: Writable, { label = "", seed }: Format): void {
  const block = Buffer.alloc(260);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  uuidFrom(seed).copy(block, 16);
  block.write(label, 32, 32, "utf8");
  block.writeUInt32LE(1, 72);
  const sectors = BigInt(Math.floor(device.sizeBytes / 512)) - 2048n;
  block.writeBigUInt64LE(sectors, 80);
  block.writeUInt32LE(2, 92);
  block.writeBigUInt64LE(2048n, 128);
  block.writeBigUInt64LE(sectors, 136);
  block.writeBigUInt64LE(8n, 144);
  uuidFrom(`${seed}:device`).copy(block, 168);
  block.writeUInt32LE(2, 220);
  block.writeUInt16LE(0, 256);
  block.writeUInt16LE(1, 258);
  let sum = 0n;
  for (let at = 0; at < 256; at += 4) sum += BigInt(block.readUInt32LE(at));
  sum += 1n << 16n;
  block.writeUInt32LE(Number((sum & 0xffffffffn) + (sum >> 32n)), 216);
  device.write(4096, block);
  device.write(2 << 20, bytesFrom(`${seed}:data`, 8192));
}

export function luks(device: Writable, { label = "", seed }: Format): void {
  for (const [offset, magic] of [
    [0, "LUKS"],
    [0x4000, "SKUL"],
  ] as const) {
    const header = Buffer.alloc(0x4000);
    header.write(`${magic}\xba\xbe`, 0, "latin1");
    header.writeUInt16BE(2, 6);
    header.writeBigUInt64BE(0x4000n, 8);
    header.writeBigUInt64BE(1n, 16);
    header.write(label, 24, 48, "utf8");
    header.write("sha256", 72, "latin1");
    bytesFrom(`${seed}:${magic}`, 64).copy(header, 104);
    header.write(dashed(uuidFrom(seed)), 168, "latin1");
    header.writeBigUInt64BE(BigInt(offset), 256);
    header.write('{"keyslots":{},"tokens":{},"segments":{}}', 4096, "latin1");
    const sum = createHash("sha256").update(header).digest();
    sum.copy(header, 448);
    device.write(offset, header);
  }
  device.write(16 << 20, bytesFrom(`${seed}:data`, 8192));
}
