import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";

const chunkBytes = 64 * 1024;

/**
 * A sparse file: holes read as zeros, and zeros written into a hole leave it.
 * Which chunks were ever written is kept beside it, for Node cannot ask a file
 * for its holes, and reading 4 TB of them takes hours.
 */
export class Image {
  readonly #chunksFile: string;
  #known = -1;
  #chunks = new Set<number>();

  constructor(
    readonly file: string,
    readonly sizeBytes: number,
  ) {
    this.#chunksFile = `${file}.chunks`;
    if (existsSync(file)) return;
    const descriptor = openSync(file, "wx", 0o600);
    ftruncateSync(descriptor, sizeBytes);
    closeSync(descriptor);
  }

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(
      Math.max(0, Math.min(length, this.sizeBytes - offset)),
    );
    const chunks = this.#written();
    const written = this.#piecesOf(offset, bytes.length).filter(({ chunk }) =>
      chunks.has(chunk),
    );
    if (written.length === 0) return bytes;
    const descriptor = openSync(this.file, "r");
    try {
      for (const { at, end } of written)
        readSync(descriptor, bytes, at, end - at, offset + at);
    } finally {
      closeSync(descriptor);
    }
    return bytes;
  }

  write(offset: number, data: Buffer): void {
    const chunks = this.#written();
    const descriptor = openSync(this.file, "r+");
    try {
      for (const { chunk, at, end } of this.#piecesOf(offset, data.length)) {
        const piece = data.subarray(at, end);
        if (chunks.has(chunk) || !isZero(piece)) {
          if (!chunks.has(chunk)) {
            appendFileSync(this.#chunksFile, `${chunk}\n`, { mode: 0o600 });
            chunks.add(chunk);
          }
          writeSync(descriptor, piece, 0, piece.length, offset + at);
        }
      }
    } finally {
      closeSync(descriptor);
    }
    if (existsSync(this.#chunksFile))
      this.#known = statSync(this.#chunksFile).size;
  }

  /** All zeros again. */
  clear(): void {
    truncateSync(this.file, 0);
    truncateSync(this.file, this.sizeBytes);
    rmSync(this.#chunksFile, { force: true });
    this.#chunks = new Set();
    this.#known = 0;
  }

  /** Over all that is not zero, and where. */
  fingerprint(): string {
    const hash = createHash("sha256");
    for (const chunk of [...this.#written()].sort((a, b) => a - b)) {
      const bytes = this.read(chunk * chunkBytes, chunkBytes);
      if (isZero(bytes)) continue;
      hash.update(`${chunk}:`).update(bytes);
    }
    return hash.digest("hex");
  }

  /** The chunks that a range touches, and which part of the range is in each. */
  #piecesOf(
    offset: number,
    length: number,
  ): { chunk: number; at: number; end: number }[] {
    const pieces = [];
    for (let at = 0; at < length; ) {
      const chunk = Math.floor((offset + at) / chunkBytes);
      const end = Math.min(length, (chunk + 1) * chunkBytes - offset);
      pieces.push({ chunk, at, end });
      at = end;
    }
    return pieces;
  }

  #written(): Set<number> {
    const found = statSync(this.#chunksFile, { throwIfNoEntry: false });
    const size = found?.size ?? 0;
    if (size !== this.#known) {
      const lines = size > 0 ? readFileSync(this.#chunksFile, "utf8") : "";
      this.#chunks = new Set(
        lines
          .split("\n")
          .filter(Boolean)
          .map((line) => Number(line)),
      );
      this.#known = size;
    }
    return this.#chunks;
  }
}

const zeros = Buffer.alloc(chunkBytes);

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const piece = bytes.subarray(at, at + zeros.length);
    if (!piece.equals(zeros.subarray(0, piece.length))) return false;
  }
  return true;
}
