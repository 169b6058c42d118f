import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/** An object as it is now; without a value it is gone. */
export interface Entry {
  kind: string;
  key: string;
  value?: unknown;
}

/** A journal that has grown by this much is written anew, with what is left of it. */
const compactBytes = 32 * 2 ** 20;

/** Objects in one file, of which the last line counts: a change costs one small write. */
export class Journal {
  /** Several changes of one object in a request are one line. */
  readonly #unwritten = new Map<string, Entry>();
  #descriptor: number | undefined;
  #grown = 0;
  #begun = false;
  #closed = false;

  constructor(
    private readonly file: string,
    private readonly everything: () => Entry[],
  ) {}

  read(apply: (entry: Entry) => void): void {
    if (!existsSync(this.file)) return;
    const lines = readFileSync(this.file, "utf8").split("\n");
    // Only a line with its end was written whole.
    for (const line of lines.slice(0, -1)) {
      if (line) apply(JSON.parse(line) as Entry);
    }
  }

  add(entry: Entry): void {
    if (this.#closed) return;
    if (this.#unwritten.size === 0) setImmediate(() => this.flush());
    this.#unwritten.set(`${entry.kind} ${entry.key}`, entry);
  }

  flush(): void {
    if (this.#unwritten.size === 0 || this.#closed) return;
    const text = print([...this.#unwritten.values()]);
    this.#unwritten.clear();
    // Who only reads leaves the file to the one who writes. The first to write
    // begins it anew, without a last line that was cut.
    if (!this.#begun) {
      this.#begun = true;
      this.#compact();
      return;
    }
    this.#descriptor ??= openSync(this.file, "a", 0o600);
    writeSync(this.#descriptor, text);
    this.#grown += text.length;
    if (this.#grown > compactBytes) this.#compact();
  }

  close(): void {
    this.flush();
    this.#closed = true;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #compact(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#grown = 0;
    writeFileSync(`${this.file}.new`, print(this.everything()), {
      mode: 0o600,
    });
    renameSync(`${this.file}.new`, this.file);
  }
}

function print(entries: Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}
