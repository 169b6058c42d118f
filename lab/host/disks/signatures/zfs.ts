import { labelOffsets, poolStates } from "../labels";
import type { Found, Probe } from "./probe";

const listAt = 16 * 1024;
const listBytes = 112 * 1024;
const uint64 = 8;
const string = 9;
const list = 19;

interface Label {
  tags: [string, string][];
  values: Map<string, bigint>;
}

/** By the first good one of the four labels, of a spare or a cache device, too. */
export function zfsMember(probe: Probe): Found | undefined {
  if (probe.sizeBytes < 64 * 1024 * 1024) return undefined;
  for (const label of labelOffsets(probe.sizeBytes)) {
    const offset = label + listAt;
    if (probe.covered(offset, listBytes)) continue;
    const start = probe.read(offset, 4);
    if (start === undefined || start[0] !== 1 || (start[1] ?? 2) > 1) continue;
    const bytes = probe.read(offset, listBytes);
    if (bytes === undefined) continue;
    if (bytes.readUInt32BE(12) === 0) continue;
    const found = readPairs(bytes);
    if (found === undefined || !isGood(found)) continue;
    const endianness = bytes[1] === 1 ? "LITTLE" : "BIG";
    return {
      magicOffset: offset,
      magicBytes: 16,
      tags: [...found.tags, ["ENDIANNESS", endianness]],
    };
  }
  return undefined;
}

function isGood({ values }: Label): boolean {
  const state = values.get("state");
  if (state === undefined || state > 7n) return false;
  if ((values.get("guid") ?? 0n) === 0n) return false;
  const isSpareOrCache =
    state === poolStates.spare || state === poolStates.cache;
  return isSpareOrCache || (values.get("txg") ?? 0n) > 0n;
}

/** As libblkid walks them: into lists, past arrays of lists. */
function readPairs(bytes: Buffer): Label | undefined {
  const label: Label = { tags: [], values: new Map() };
  let depth = 0;
  for (let at = 12; at + 12 < bytes.length; ) {
    let size = bytes.readUInt32BE(at);
    if (size === 0) {
      if (depth === 0) return label;
      depth--;
      at += 8;
      continue;
    }
    const nameBytes = bytes.readUInt32BE(at + 8);
    const valueAt = at + 12 + ((nameBytes + 3) & ~3);
    if (at + size > bytes.length || valueAt + 4 > at + size) return undefined;
    const name = bytes.toString("latin1", at + 12, at + 12 + nameBytes);
    const type = bytes.readUInt32BE(valueAt);
    if (type === 0) return undefined;
    if (type === list) {
      depth++;
      size = valueAt + 16 - at;
    } else if (type === string && depth === 0 && name === "name") {
      const from = valueAt + 12;
      const to = from + bytes.readUInt32BE(valueAt + 8);
      label.tags.push(["LABEL", bytes.toString("utf8", from, to)]);
    } else if (type === uint64) {
      const value = bytes.readBigUInt64BE(valueAt + 8);
      if (depth === 0) label.values.set(name, value);
      label.tags.push(...tags(name, value, depth));
    }
    at += size;
  }
  return undefined;
}

function tags(name: string, value: bigint, depth: number): [string, string][] {
  if (name === "ashift" && value < 32n) {
    const bytes = String(2n ** value);
    return [
      ["FSBLOCKSIZE", bytes],
      ["BLOCK_SIZE", bytes],
    ];
  }
  if (depth > 0) return [];
  if (name === "version") return [["VERSION", String(value)]];
  if (name === "guid") return [["UUID_SUB", String(value)]];
  if (name === "pool_guid") return [["UUID", String(value)]];
  return [];
}
