import { createHash } from "node:crypto";
import type { Device } from "./device";
import { decodeXdr, encodeXdr, isXdr, type NvList } from "./nvlist";

export { decodeXdr, encodeXdr, type NvList, type NvValue } from "./nvlist";

/** `state` of a label. */
export const poolStates = {
  active: 0n,
  exported: 1n,
  destroyed: 2n,
  spare: 3n,
  cache: 4n,
} as const;

type Bytes = Pick<Device, "sizeBytes" | "read" | "write">;

const labelBytes = 256 * 1024;
const listAt = 16 * 1024;
const listBytes = 112 * 1024;
const ringAt = 128 * 1024;
const trailerBytes = 40;
const uberblockMagic = 0x00bab10cn;
const trailerMagic = 0x0210da7ab10c7a11n;

/** Where the four labels of a vdev begin: two at its start, two at its end. */
export function labelOffsets(sizeBytes: number): number[] {
  const end = Math.floor(sizeBytes / labelBytes) * labelBytes;
  return [0, labelBytes, end - 2 * labelBytes, end - labelBytes];
}

/** The pair list of each of the four labels, undefined where it is none. */
export function readLabels(device: Bytes): (NvList | undefined)[] {
  return labelOffsets(device.sizeBytes).map((offset) => {
    const at = offset + listAt;
    // Most devices have none, and to read a whole one takes its time.
    if (!isXdr(device.read(at, 4))) return undefined;
    return decodeXdr(device.read(at, listBytes - trailerBytes));
  });
}

/** The label of the highest transaction group, as an import takes it. */
export function readLabel(device: Bytes): NvList | undefined {
  const txg = (label: NvList): bigint =>
    typeof label.txg === "bigint" ? label.txg : 0n;
  return readLabels(device)
    .filter((label) => label !== undefined)
    .reduce<NvList | undefined>(
      (best, label) =>
        best === undefined || txg(label) > txg(best) ? label : best,
      undefined,
    );
}

export interface LabelOptions {
  /** Of the newest uberblock; the label's own otherwise. */
  txg?: bigint;
  timestamp?: bigint;
  ashift?: number;
}

/** All four labels, with uberblocks: what was in these 1 MiB before is gone. */
export function writeLabels(
  device: Bytes,
  list: NvList,
  options: LabelOptions = {},
): void {
  for (const offset of labelOffsets(device.sizeBytes)) {
    const label = device.read(offset, labelBytes);
    label.fill(0, 0, listAt + listBytes);
    writeList(label, offset, list);
    writeRing(label, offset, list, options);
    device.write(offset, label);
  }
}

function writeList(label: Buffer, offset: number, list: NvList): void {
  const encoded = encodeXdr(list);
  if (encoded.length > listBytes - trailerBytes)
    throw new Error(`The label's list has ${encoded.length} bytes.`);
  encoded.copy(label, listAt);
  seal(label, listAt, listBytes, BigInt(offset + listAt));
}

function writeRing(
  label: Buffer,
  offset: number,
  list: NvList,
  { ashift, timestamp, txg }: LabelOptions,
): void {
  const tree = list.vdev_tree;
  const treeShift =
    typeof tree === "object" && !Array.isArray(tree) ? tree.ashift : undefined;
  const shift = ashift ?? Number(treeShift ?? 12n);
  const slot = 2 ** Math.min(Math.max(shift, 10), 13);
  const slots = (labelBytes - ringAt) / slot;
  const newest = txg ?? (typeof list.txg === "bigint" ? list.txg : 4n);
  const time = timestamp ?? BigInt(Math.floor(Date.now() / 1000));
  const sum = [list.pool_guid, list.top_guid, list.guid]
    .filter((guid) => typeof guid === "bigint")
    .reduce((total, guid) => total + guid, 0n);
  for (let back = 3n; back >= 0n; back--) {
    const group = newest - back < 1n ? 1n : newest - back;
    const at = ringAt + Number((newest + 4n - back) % BigInt(slots)) * slot;
    label.fill(0, at, at + slot);
    label.writeBigUInt64LE(uberblockMagic, at);
    label.writeBigUInt64LE(5000n, at + 8);
    label.writeBigUInt64LE(group, at + 16);
    label.writeBigUInt64LE(BigInt.asUintN(64, sum), at + 24);
    label.writeBigUInt64LE(time - back * 5n, at + 32);
    seal(label, at, slot, BigInt(offset + at));
  }
}

/** Magic and SHA-256 at the end of a block, over the block with its own offset in the checksum's place. */
function seal(label: Buffer, at: number, length: number, where: bigint): void {
  const end = at + length;
  label.writeBigUInt64LE(trailerMagic, end - trailerBytes);
  label.fill(0, end - 32, end);
  label.writeBigUInt64LE(where, end - 32);
  const digest = createHash("sha256").update(label.subarray(at, end)).digest();
  for (let word = 0; word < 4; word++)
    label.writeBigUInt64LE(
      digest.readBigUInt64BE(8 * word),
      end - 32 + 8 * word,
    );
}

/** What `zpool labelclear` does. */
export function clearLabels(device: Bytes): void {
  for (const offset of labelOffsets(device.sizeBytes))
    device.write(offset, Buffer.alloc(labelBytes));
}
