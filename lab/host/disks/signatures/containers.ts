import { type Found, labelText, type Probe, uuidText } from "./probe";

const raidMagic = 0xa92b4efc;

/** Of MD with a version 1 superblock at any of its three places, or 0.90 at the end. */
export function linuxRaid(probe: Probe): Found | undefined {
  const reserved = 0x10000;
  if (probe.sizeBytes > reserved) {
    const size = probe.sizeBytes;
    const old = linuxRaid0(probe, size - (size % reserved) - reserved);
    if (old !== undefined) return old;
    const end = linuxRaid1(probe, size - (size % 0x1000) - 0x2000, "1.0");
    if (end !== undefined) return end;
  }
  return linuxRaid1(probe, 0, "1.1") ?? linuxRaid1(probe, 0x1000, "1.2");
}

function linuxRaid0(probe: Probe, offset: number): Found | undefined {
  const block = probe.read(offset, 64);
  if (block?.readUInt32LE(0) !== raidMagic) return undefined;
  const bytes = block.readUInt32LE(32) * 1024;
  if (probe.sizeBytes < bytes + 0x10000 || offset < bytes) return undefined;
  if (probe.covered(offset - bytes, bytes + 0x10000)) return undefined;
  const words = [20, 52, 56, 60].map((at) => block.readUInt32LE(at));
  const uuid = Buffer.alloc(16);
  for (const [index, word] of words.entries())
    uuid.writeUInt32BE(word, 4 * index);
  const version = [4, 8, 12].map((at) => block.readUInt32LE(at)).join(".");
  return {
    magicOffset: offset,
    magicBytes: 4,
    tags: [
      ["VERSION", version],
      ["UUID", uuidText(uuid)],
    ],
  };
}

function linuxRaid1(
  probe: Probe,
  offset: number,
  version: string,
): Found | undefined {
  const block = probe.read(offset, 256);
  if (block?.readUInt32LE(0) !== raidMagic) return undefined;
  if (block.readUInt32LE(4) !== 1) return undefined;
  if (block.readBigUInt64LE(144) !== BigInt(offset / 512)) return undefined;
  return {
    magicOffset: offset,
    magicBytes: 4,
    tags: [
      ["UUID", uuidText(block.subarray(16, 32))],
      ["UUID_SUB", uuidText(block.subarray(168, 184))],
      ["LABEL", labelText(block.subarray(32, 64))],
      ["VERSION", version],
    ],
  };
}

/** The label is in one of the first four sectors. */
export function lvm2(probe: Probe): Found | undefined {
  for (const sector of [1, 0, 2, 3]) {
    const label = probe.read(sector * 512, 512);
    if (label === undefined) return undefined;
    if (label.toString("latin1", 0, 8) !== "LABELONE") continue;
    if (label.toString("latin1", 24, 32) !== "LVM2 001") continue;
    if (label.readBigUInt64LE(8) !== BigInt(sector)) continue;
    if (lvmChecksum(label) !== label.readUInt32LE(16)) continue;
    const uuid = label
      .toString("latin1", 32, 64)
      .replace(
        /^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/,
        "$1-$2-$3-$4-$5-$6-$7",
      );
    return {
      magicOffset: sector * 512 + 24,
      magicBytes: 8,
      tags: [
        ["UUID", uuid],
        ["VERSION", "LVM2 001"],
      ],
    };
  }
  return undefined;
}

/** Of a label's sector from its offset field on. */
export function lvmChecksum(label: Buffer): number {
  let value = 0xf597a6cf;
  for (const byte of label.subarray(20, 512)) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++)
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value >>> 0;
}

const secondHeaders = [
  0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000,
  0x400000,
];

export function luks(probe: Probe): Found | undefined {
  const first = luksAt(probe, 0, "LUKS");
  if (first !== undefined) return first;
  for (const offset of secondHeaders) {
    const found = luksAt(probe, offset, "SKUL");
    if (found !== undefined) return found;
  }
  return undefined;
}

function luksAt(
  probe: Probe,
  offset: number,
  magic: string,
): Found | undefined {
  const header = probe.read(offset, 512);
  if (header?.toString("latin1", 0, 6) !== `${magic}\xba\xbe`) return undefined;
  const version = header.readUInt16BE(6);
  if (version === 2 && header.readBigUInt64BE(256) !== BigInt(offset))
    return undefined;
  const at = { magicOffset: offset, magicBytes: 6 };
  const uuid = labelText(header.subarray(168, 208));
  if (version !== 2)
    return {
      ...at,
      tags: [
        ["VERSION", String(version)],
        ["UUID", version === 1 ? uuid : undefined],
      ],
    };
  return {
    ...at,
    tags: [
      ["VERSION", "2"],
      ["UUID", uuid],
      ["LABEL", labelText(header.subarray(24, 72))],
      ["SUBSYSTEM", labelText(header.subarray(208, 256))],
    ],
  };
}
