import type { PartitionTable } from "../partitions/table";

interface Bytes {
  readonly sizeBytes: number;
  read(offset: number, length: number): Buffer;
}

export type Usage = "raid" | "crypto" | "filesystem" | "other";

/** One signature as libblkid finds it. */
export interface Signature {
  type: string;
  usage: Usage | "partition-table";
  /** Where its magic string is, and how long: what wipefs zeroes. */
  magicOffset: number;
  magicBytes: number;
  /** Tags in the order in which its prober sets them. */
  tags: readonly (readonly [string, string])[];
}

export function tagOf(
  signature: Signature | undefined,
  name: string,
): string | undefined {
  return signature?.tags.find(([tag]) => tag === name)?.[1];
}

export type Found = Pick<Signature, "magicOffset" | "magicBytes"> & {
  tags: (readonly [string, string | undefined])[];
  /** Where one prober knows several. */
  type?: string;
};

/** What a prober sees of a device: after the end nothing, hidden ranges as zeros. */
export class Probe {
  readonly #hidden: { offset: number; length: number }[] = [];
  readonly sizeBytes: number;

  constructor(
    private readonly bytes: Bytes,
    /** Of a whole disk, to tell its signatures from its partitions'. */
    readonly table: PartitionTable | undefined,
  ) {
    this.sizeBytes = bytes.sizeBytes;
  }

  read(offset: number, length: number): Buffer | undefined {
    if (offset < 0 || offset + length > this.sizeBytes) return undefined;
    const bytes = this.bytes.read(offset, length);
    for (const hidden of this.#hidden) {
      const from = Math.max(0, hidden.offset - offset);
      const to = Math.min(length, hidden.offset + hidden.length - offset);
      if (from < to) bytes.fill(0, from, to);
    }
    return bytes;
  }

  hide(offset: number, length: number): void {
    this.#hidden.push({ offset, length });
  }

  /** Within a partition: that one's signature, not the disk's. */
  covered(offset: number, length: number): boolean {
    return (
      this.table?.entries.some(
        ({ sizeBytes, startBytes }) =>
          offset >= startBytes && offset + length <= startBytes + sizeBytes,
      ) ?? false
    );
  }
}

/** A UUID of sixteen bytes; undefined when all are zero. */
export function uuidText(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  return bytes
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function labelText(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8").replace(/\0.*$/s, "").replace(/\s+$/, "");
  return text === "" ? undefined : text;
}

const crc32cTable = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++)
    value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** Without the final inversion, as ext4 keeps it. */
export function crc32c(bytes: Buffer, start = 0xffffffff): number {
  let value = start;
  for (const byte of bytes)
    value = (value >>> 8) ^ (crc32cTable[(value ^ byte) & 0xff] ?? 0);
  return value >>> 0;
}
