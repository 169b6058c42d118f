import { crc32c, type Found, labelText, type Probe, uuidText } from "./probe";

export function swap(probe: Probe): Found | undefined {
  const page = probe.read(0, 4096);
  if (page?.toString("latin1", 4086) !== "SWAPSPACE2") return undefined;
  if (page.readUInt32LE(1024) !== 1) return undefined;
  const last = page.readUInt32LE(1028);
  if (last === 0) return undefined;
  return {
    magicOffset: 4086,
    magicBytes: 10,
    tags: [
      ["ENDIANNESS", "LITTLE"],
      ["FSBLOCKSIZE", "4096"],
      ["FSSIZE", String(last * 4096)],
      ["FSLASTBLOCK", String(last + 1)],
      ["LABEL", labelText(page.subarray(1052, 1068))],
      ["UUID", uuidText(page.subarray(1036, 1052))],
      ["VERSION", "1"],
    ],
  };
}

export function xfs(probe: Probe): Found | undefined {
  const block = probe.read(0, 512);
  if (block?.toString("latin1", 0, 4) !== "XFSB") return undefined;
  const blockBytes = block.readUInt32BE(4);
  const blocks = block.readBigUInt64BE(8);
  const sectorBytes = block.readUInt16BE(102);
  const groups = block.readUInt32BE(88);
  const groupBlocks = block.readUInt32BE(84);
  if (groups === 0 || blocks === 0n || sectorBytes < 512) return undefined;
  if (blockBytes !== 2 ** (block[120] ?? 0)) return undefined;
  if (blocks > BigInt(groups) * BigInt(groupBlocks)) return undefined;
  if ((block.readUInt16BE(100) & 0x0f) === 5 && !goodXfs(probe, sectorBytes))
    return undefined;
  const log = block.readBigUInt64BE(48) === 0n ? 0 : block.readUInt32BE(96);
  const bytes = (blocks - BigInt(log)) * BigInt(blockBytes);
  return {
    magicOffset: 0,
    magicBytes: 4,
    tags: [
      ["LABEL", labelText(block.subarray(108, 120))],
      ["UUID", uuidText(block.subarray(32, 48))],
      ["FSSIZE", String(bytes)],
      ["FSLASTBLOCK", String(blocks)],
      ["FSBLOCKSIZE", String(blockBytes)],
      ["BLOCK_SIZE", String(sectorBytes)],
    ],
  };
}

function goodXfs(probe: Probe, sectorBytes: number): boolean {
  const sector = probe.read(0, sectorBytes);
  if (sector === undefined) return false;
  const kept = sector.readUInt32LE(224);
  sector.fill(0, 224, 228);
  return (crc32c(sector) ^ 0xffffffff) >>> 0 === kept;
}

const hasJournal = 0x4;
const journalDevice = 0x8;
const metadataChecksum = 0x400;
const wide = 0x80;

/** ext2, ext3, ext4 by the features that the older ones do not know. */
export function ext(probe: Probe): Found | undefined {
  const block = probe.read(1024, 1024);
  if (block?.readUInt16LE(56) !== 0xef53) return undefined;
  const [compatible, incompatible, readOnly] = [92, 96, 100].map((at) =>
    block.readUInt32LE(at),
  ) as [number, number, number];
  if (
    readOnly & metadataChecksum &&
    crc32c(block.subarray(0, 1020)) !== block.readUInt32LE(1020)
  )
    return undefined;
  const type = extType(compatible, incompatible, readOnly);
  if (type === undefined) return undefined;
  const blockBytes = 1024 * 2 ** block.readUInt32LE(24);
  const high = incompatible & wide ? block.readUInt32LE(336) : 0;
  const blocks = BigInt(block.readUInt32LE(4)) + (BigInt(high) << 32n);
  const uuid = uuidText(block.subarray(104, 120));
  const journal = uuidText(block.subarray(208, 224));
  const isPlain = type !== "ext2" && type !== "jbd" && !(incompatible & ~0x12);
  return {
    type,
    magicOffset: 1080,
    magicBytes: 2,
    tags: [
      ["LABEL", labelText(block.subarray(120, 136))],
      ["UUID", uuid],
      ["EXT_JOURNAL", compatible & hasJournal ? journal : undefined],
      ["SEC_TYPE", isPlain ? "ext2" : undefined],
      ["VERSION", `${block.readUInt32LE(76)}.${block.readUInt16LE(62)}`],
      ["FSBLOCKSIZE", String(blockBytes)],
      ["BLOCK_SIZE", String(blockBytes)],
      ["FSLASTBLOCK", String(blocks)],
      ["FSSIZE", String(blocks * BigInt(blockBytes))],
      ["LOGUUID", type === "jbd" ? uuid : undefined],
    ],
  };
}

function extType(
  compatible: number,
  incompatible: number,
  readOnly: number,
): string | undefined {
  if (incompatible & journalDevice) return "jbd";
  const journal = (compatible & hasJournal) !== 0;
  if (readOnly & ~0x7 || incompatible & ~0x16) return "ext4";
  if (journal) return "ext3";
  return incompatible & ~0x12 ? undefined : "ext2";
}

const fatMagics = [
  ["MSWIN", 0x52],
  ["FAT32   ", 0x52],
  ["MSDOS", 0x36],
  ["FAT16   ", 0x36],
  ["FAT12   ", 0x36],
  ["FAT     ", 0x36],
  ["\xeb", 0],
  ["\xe9", 0],
  ["\x55\xaa", 0x1fe],
] as const;

const isPower = (value: number): boolean =>
  value > 0 && (value & (value - 1)) === 0;

export function vfat(probe: Probe): Found | undefined {
  const sector = probe.read(0, 512);
  if (sector === undefined) return undefined;
  const magic = fatMagics.find(
    ([text, at]) => sector.toString("latin1", at, at + text.length) === text,
  );
  if (magic === undefined) return undefined;
  const [text, at] = magic;
  if (text.length <= 2 && sector.readUInt16LE(510) !== 0xaa55) return undefined;
  const sectorBytes = sector.readUInt16LE(11);
  const clusterSectors = sector[13] ?? 0;
  const reserved = sector.readUInt16LE(14);
  const fats = sector[16] ?? 0;
  const media = sector[21] ?? 0;
  if (fats === 0 || reserved === 0) return undefined;
  if (media < 0xf8 && media !== 0xf0) return undefined;
  if (!isPower(clusterSectors) || !isPower(sectorBytes)) return undefined;
  if (sectorBytes < 512 || sectorBytes > 4096) return undefined;
  const isWide = sector.readUInt16LE(22) === 0;
  const fatSectors = sector.readUInt16LE(22) || sector.readUInt32LE(36);
  const sectors = sector.readUInt16LE(19) || sector.readUInt32LE(32);
  const entries = sector.readUInt16LE(17);
  const rootSectors = Math.ceil((entries * 32) / sectorBytes);
  const clusters = Math.floor(
    (sectors - reserved - fatSectors * fats - rootSectors) / clusterSectors,
  );
  if (clusters < 0 || fatSectors === 0) return undefined;
  const extended = isWide ? 66 : 38;
  const serial = sector.subarray(extended + 1, extended + 5);
  const boot = labelText(sector.subarray(extended + 5, extended + 16));
  const rootAt = (reserved + fatSectors * fats) * sectorBytes;
  const uuid = Buffer.from(serial).reverse().toString("hex").toUpperCase();
  return {
    magicOffset: at,
    magicBytes: text.length,
    tags: [
      ["SEC_TYPE", isWide ? undefined : "msdos"],
      ["LABEL_FATBOOT", boot === "NO NAME" ? undefined : boot],
      ["LABEL", volumeLabel(probe.read(rootAt, 512))],
      ["UUID", `${uuid.slice(0, 4)}-${uuid.slice(4)}`],
      ["VERSION", isWide ? "FAT32" : clusters < 0xff4 ? "FAT12" : "FAT16"],
      ["FSBLOCKSIZE", String(clusterSectors * sectorBytes)],
      ["BLOCK_SIZE", String(sectorBytes)],
      ["FSSIZE", String(sectors * sectorBytes)],
    ],
  };
}

function volumeLabel(directory: Buffer | undefined): string | undefined {
  for (let at = 0; directory !== undefined && at < directory.length; at += 32) {
    const attributes = directory[at + 11] ?? 0;
    if (directory[at] === 0) return undefined;
    if ((attributes & 0x3f) === 0x0f || directory[at] === 0xe5) continue;
    if ((attributes & 0x18) === 0x08)
      return labelText(directory.subarray(at, at + 11));
  }
  return undefined;
}

export function ntfs(probe: Probe): Found | undefined {
  const sector = probe.read(0, 512);
  if (sector?.toString("latin1", 3, 11) !== "NTFS    ") return undefined;
  const sectorBytes = sector.readUInt16LE(11);
  const clusterBytes = (sector[13] ?? 0) * sectorBytes;
  const shift = sector.readInt8(64);
  const recordBytes = shift > 0 ? shift * clusterBytes : 2 ** -shift;
  const table = Number(sector.readBigUInt64LE(48)) * clusterBytes;
  const first = probe.read(table, recordBytes);
  const volume = probe.read(table + 3 * recordBytes, recordBytes);
  for (const record of [first, volume])
    if (record?.toString("latin1", 0, 4) !== "FILE") return undefined;
  const bytes = sector.readBigUInt64LE(40) * BigInt(sectorBytes);
  const serial = sector.readBigUInt64LE(72).toString(16).toUpperCase();
  return {
    magicOffset: 3,
    magicBytes: 8,
    tags: [
      ["LABEL", volume && ntfsLabel(volume)],
      ["FSBLOCKSIZE", String(clusterBytes)],
      ["BLOCK_SIZE", String(sectorBytes)],
      ["FSSIZE", String(bytes)],
      ["UUID", serial.padStart(16, "0")],
    ],
  };
}

function ntfsLabel(record: Buffer): string | undefined {
  let at = record.readUInt16LE(20);
  while (at + 24 <= record.length) {
    const type = record.readUInt32LE(at);
    const length = record.readUInt32LE(at + 4);
    if (length === 0 || type === 0xffffffff) return undefined;
    if (type === 0x60) {
      const from = at + record.readUInt16LE(at + 20);
      const to = from + record.readUInt32LE(at + 16);
      return record.toString("utf16le", from, to) || undefined;
    }
    at += length;
  }
  return undefined;
}
