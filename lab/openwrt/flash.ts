import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Delta } from "./uci/delta";
import { formatUci, parseUci, type UciFile } from "./uci/file";

/** The router's flash as a folder, and its tmpfs beside it, which a reboot empties. */
export class Flash {
  readonly root: string;
  readonly run: string;

  constructor(directory: string) {
    this.root = join(directory, "flash");
    this.run = join(directory, "tmp", "run", "rpcd");
  }

  get isNew(): boolean {
    return !existsSync(this.root);
  }

  /** What the image brings along. */
  fill(files: Record<string, string>): void {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.root, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, text, {
        mode:
          path.includes("/rc.d/") || path.includes("/init.d/") ? 0o755 : 0o600,
      });
    }
    const link = join(this.root, "var");
    if (!existsSync(link)) symlinkSync(dirname(dirname(this.run)), link);
  }

  /** Power was gone: what was in memory is too. */
  emptyMemory(): void {
    const memory = dirname(dirname(this.run));
    rmSync(memory, { recursive: true, force: true });
    mkdirSync(this.run, { recursive: true, mode: 0o700 });
  }

  read(path: string): string | undefined {
    const file = join(this.root, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  list(folder: string): string[] {
    const path = join(this.root, folder);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  config(name: string): UciFile | undefined {
    const text = /^[\w-]+$/.test(name)
      ? this.read(`etc/config/${name}`)
      : undefined;
    return text === undefined ? undefined : parseUci(text);
  }

  /** libuci writes the whole file anew, beside the old one, and renames it. */
  commit(name: string, file: UciFile): void {
    this.restore(name, formatUci(file));
  }

  restore(name: string, text: string): void {
    const path = join(this.root, "etc/config", name);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Before an apply, whether anything is staged for it or not. */
  openSnapshots(): void {
    for (const name of ["snapshot-files", "snapshot-delta"])
      mkdirSync(join(this.run, name), { recursive: true, mode: 0o700 });
  }

  /** What rpcd's rollback puts back, and stages again. */
  snapshot(name: string, deltas: readonly Delta[]): void {
    const file = join(this.run, "snapshot-files", name);
    cpSync(join(this.root, "etc/config", name), file);
    const text = JSON.stringify(deltas);
    writeFileSync(join(this.run, "snapshot-delta", name), text, {
      mode: 0o600,
    });
  }

  snapshots(): Map<string, string> {
    const folder = join(this.run, "snapshot-files");
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return new Map(
      names.map((name) => [name, readFileSync(join(folder, name), "utf8")]),
    );
  }

  forgetSnapshots(): void {
    for (const name of ["snapshot-files", "snapshot-delta"])
      rmSync(join(this.run, name), { recursive: true, force: true });
  }
}
