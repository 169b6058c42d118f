import { labelOffsets } from "../labels";
import type { Found, Probe } from "./probe";

const labelBytes = 256 * 1024;
const ringAt = 128 * 1024;
const magic = 0x00bab10cn;
const enough = 4;

/** By at least four uberblocks, over all labels; spares and cache devices have none. */
export function zfsMember(probe: Probe): Found | undefined {
  if (probe.sizeBytes < 64 * 1024 * 1024) return undefined;
  let found = 0;
  for (const offset of labelOffsets(probe.sizeBytes)) {
    if (probe.covered(offset, labelBytes)) continue;
    const label = probe.read(offset, labelBytes);
    if (label === undefined) return undefined;
    let last: number | undefined;
    for (let at = ringAt; at < labelBytes; at += 1024) {
      if (label.readBigUInt64LE(at) !== magic) continue;
      found++;
      last = at;
    }
    if (last === undefined || found < enough) continue;
    return {
      magicOffset: offset + last,
      magicBytes: 8,
      tags: [
        ["VERSION", String(label.readBigUInt64LE(last + 8))],
        ...listTags(label.subarray(16 * 1024, 20 * 1024)),
        ["ENDIANNESS", "LITTLE"],
      ],
    };
  }
  return undefined;
}

const uint64 = 8;
const string = 9;
const list = 19;

/** libblkid reads the first 4 KiB only, and stops where a pair crosses them. */
function listTags(bytes: Buffer): [string, string][] {
  const tags: [string, string][] = [];
  let depth = 0;
  for (let at = 12; at + 12 < bytes.length; ) {
    let size = bytes.readUInt32BE(at);
    if (size === 0) {
      if (depth === 0) break;
      depth--;
      at += 8;
      continue;
    }
    const nameBytes = bytes.readUInt32BE(at + 8);
    const valueAt = at + 12 + ((nameBytes + 3) & ~3);
    if (at + size > bytes.length || valueAt > at + size) break;
    const name = bytes.toString("latin1", at + 12, at + 12 + nameBytes);
    const type = bytes.readUInt32BE(valueAt);
    if (type === list) {
      depth++;
      size = valueAt + 16 - at;
    } else if (type === string && depth === 0 && name === "name") {
      const length = bytes.readUInt32BE(valueAt + 8);
      const from = valueAt + 12;
      tags.push(["LABEL", bytes.toString("utf8", from, from + length)]);
    } else if (type === uint64) {
      const value = bytes.readBigUInt64BE(valueAt + 8);
      if (depth === 0 && name === "guid") tags.push(["UUID_SUB", `${value}`]);
      if (depth === 0 && name === "pool_guid") tags.push(["UUID", `${value}`]);
      if (name === "ashift" && value < 32n)
        tags.push(
          ["FSBLOCKSIZE", String(2n ** value)],
          ["BLOCK_SIZE", String(2n ** value)],
        );
    }
    at += size;
  }
  return tags;
}
