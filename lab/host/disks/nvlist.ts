/** A pair list of ZFS; numbers are unsigned 64 bit, as all of a label's are. */
export type NvValue = bigint | string | boolean | bigint[] | NvList | NvList[];
export interface NvList {
  [name: string]: NvValue;
}

const types = {
  boolean: 1,
  uint64: 8,
  string: 9,
  uint64Array: 16,
  list: 19,
  listArray: 20,
  booleanValue: 21,
} as const;

/** XDR, as labels keep it: header, version, flags, pairs, end. */
export function encodeXdr(list: NvList): Buffer {
  return Buffer.concat([Buffer.from([1, 1, 0, 0]), encodeList(list)]);
}

function encodeList(list: NvList): Buffer {
  const parts = [u32(0), u32(1)];
  for (const [name, value] of Object.entries(list))
    parts.push(encodePair(name, value));
  return Buffer.concat([...parts, u32(0), u32(0)]);
}

function encodePair(name: string, value: NvValue): Buffer {
  const { type, count, bytes, decoded } = encodeValue(value);
  const body = Buffer.concat([text(name), u32(type), u32(count), bytes]);
  const nameBytes = Buffer.byteLength(name) + 1;
  return Buffer.concat([
    u32(body.length + 8),
    u32(align8(16 + nameBytes) + align8(decoded)),
    body,
  ]);
}

interface Encoded {
  type: number;
  count: number;
  bytes: Buffer;
  /** What it takes in memory: the format keeps that, too. */
  decoded: number;
}

function encodeValue(value: NvValue): Encoded {
  if (typeof value === "bigint")
    return { type: types.uint64, count: 1, bytes: u64(value), decoded: 8 };
  if (typeof value === "string")
    return {
      type: types.string,
      count: 1,
      bytes: text(value),
      decoded: Buffer.byteLength(value) + 1,
    };
  if (typeof value === "boolean")
    return value
      ? { type: types.boolean, count: 0, bytes: u32(0).subarray(4), decoded: 0 }
      : { type: types.booleanValue, count: 1, bytes: u32(0), decoded: 4 };
  if (Array.isArray(value)) {
    const count = value.length;
    if (value.every((item) => typeof item === "bigint"))
      return {
        type: types.uint64Array,
        count,
        bytes: Buffer.concat(value.map(u64)),
        decoded: 8 * count,
      };
    const lists = value.filter((item) => typeof item === "object");
    return {
      type: types.listArray,
      count,
      bytes: Buffer.concat(lists.map(encodeList)),
      decoded: (8 + 24) * count,
    };
  }
  return { type: types.list, count: 1, bytes: encodeList(value), decoded: 24 };
}

const align4 = (length: number): number => (length + 3) & ~3;
const align8 = (length: number): number => (length + 7) & ~7;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const length = Buffer.byteLength(value);
  const bytes = Buffer.alloc(align4(length));
  bytes.write(value, "utf8");
  return Buffer.concat([u32(length), bytes]);
}

/** Undefined where no list begins, or it is cut off. */
export function decodeXdr(bytes: Buffer): NvList | undefined {
  if (!isXdr(bytes)) return undefined;
  try {
    return decodeList(new Cursor(bytes, 4));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** By the first bytes: XDR, written by a little-endian machine. */
export function isXdr(bytes: Buffer): boolean {
  return bytes[0] === 1 && bytes[1] === 1;
}

class Cursor {
  constructor(
    readonly bytes: Buffer,
    public at: number,
  ) {}
  u32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }
  u64(): bigint {
    this.at += 8;
    return this.bytes.readBigUInt64BE(this.at - 8);
  }
  text(): string {
    const length = this.u32();
    const from = this.at;
    this.at += align4(length);
    if (this.at > this.bytes.length) throw new RangeError("cut off");
    return this.bytes.toString("utf8", from, from + length);
  }
}

function decodeList(cursor: Cursor): NvList {
  cursor.u32();
  cursor.u32();
  const list: NvList = {};
  for (;;) {
    const from = cursor.at;
    const encoded = cursor.u32();
    const decoded = cursor.u32();
    if (encoded === 0 && decoded === 0) return list;
    const name = cursor.text();
    const type = cursor.u32();
    const count = cursor.u32();
    const value = decodeValue(cursor, type, count);
    if (value !== undefined) list[name] = value;
    else cursor.at = from + encoded;
  }
}

function decodeValue(
  cursor: Cursor,
  type: number,
  count: number,
): NvValue | undefined {
  switch (type) {
    case types.boolean:
      return true;
    case types.booleanValue:
      return cursor.u32() !== 0;
    case types.uint64:
      return cursor.u64();
    case types.string:
      return cursor.text();
    case types.uint64Array:
      return Array.from({ length: count }, () => cursor.u64());
    case types.list:
      return decodeList(cursor);
    case types.listArray:
      return Array.from({ length: count }, () => decodeList(cursor));
    default:
      return undefined;
  }
}
