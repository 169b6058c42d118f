import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** What a tool keeps between two calls, as plain data, in a part of its own. */
export type Part = Record<string, unknown>;

/**
 * One simulated machine on the real disk: `root` holds its files, `parts` what
 * its tools know. What is under /run, /tmp, /proc and /dev is gone at boot.
 */
export class HostWorld {
  readonly root: string;
  readonly #parts: string;

  constructor(
    readonly name: string,
    readonly directory: string,
  ) {
    this.root = join(directory, "root");
    this.#parts = join(directory, "parts");
    for (const path of [this.root, this.#parts])
      mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /** A path of the machine as one of ours; never outside of its root. */
  path(path: string): string {
    return join(this.root, join("/", path));
  }

  /** What a tool wrote last with `save`; `initial` before that. */
  load<T extends object>(part: string, initial: T): T {
    const file = join(this.#parts, `${part}.json`);
    return existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as T)
      : structuredClone(initial);
  }

  save(part: string, value: object): void {
    const file = join(this.#parts, `${part}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(value, null, 1), {
      mode: 0o600,
    });
    renameSync(`${file}.new`, file);
  }

  /** For files that no tool of the world writes: below /sys, /proc, /dev and the like. */
  put(path: string, text: string): void {
    const file = this.path(path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
  }

  /** Power was gone. */
  emptyMemory(): void {
    for (const path of ["run", "tmp", "proc", "dev"])
      rmSync(join(this.root, path), { recursive: true, force: true });
  }
}
