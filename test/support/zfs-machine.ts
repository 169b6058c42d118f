import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { type Call, HostWorld } from "../../lab/host";
import {
  bootDisks,
  type Device,
  type DiskSpec,
  disksOf,
  installDisks,
} from "../../lab/host/disks";
import { changeFaults, dealMissing } from "../../lab/host/disks/state";
import { settle } from "../../lab/host/disks/udev";
import { bootZfs, tools } from "../../lab/host/zfs";

const mebibyte = 1024 * 1024;

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** A machine of disks whose ZFS is called without a shell between. */
export class ZfsMachine {
  readonly directory = mkdtempSync(join(tmpdir(), "hybrid-site-zfs-"));
  world: HostWorld;

  constructor(disks: readonly DiskSpec[] = fourDisks) {
    this.world = this.#world();
    installDisks(this.world, { disks });
    this.reboot();
  }

  #world(): HostWorld {
    return new HostWorld("storage", this.directory);
  }

  reboot(): void {
    this.world = this.#world();
    this.world.emptyMemory();
    bootDisks(this.world);
    bootZfs(this.world);
  }

  async run(line: string, user = "root"): Promise<Ran> {
    const [tool = "", ...words] = line.split(" ");
    return this.words(tool, words, user);
  }

  async words(
    tool: string,
    words: readonly string[],
    user = "root",
  ): Promise<Ran> {
    const texts = { out: "", err: "" };
    const sink = (key: "out" | "err") =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          texts[key] += chunk.toString();
          done();
        },
      });
    const call: Call = {
      words,
      user,
      world: this.world,
      stdin: new PassThrough(),
      stdout: sink("out"),
      stderr: sink("err"),
      signal: new AbortController().signal,
      run: () => Promise.resolve(127),
    };
    const run = tools[tool];
    if (run === undefined) throw new Error(`There is no tool ${tool}.`);
    const code = (await run(call)) & 0xff;
    return { code, ...texts };
  }

  /** What must work. */
  async must(line: string): Promise<string> {
    const { code, err, out } = await this.run(line);
    if (code !== 0) throw new Error(`${line}: ${code}: ${err}`);
    return out;
  }

  async json(line: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.must(line)) as Record<string, unknown>;
  }

  device(path: string): Device {
    const found = disksOf(this.world).find(path);
    if (found === undefined) throw new Error(`There is no ${path}.`);
    return found;
  }

  /** Out of its slot while the machine runs. */
  pull(...numbers: readonly number[]): void {
    const serials = numbers.map((number) => disk(number).serial);
    this.#faults((pulled) => [...pulled, ...serials]);
  }

  insert(...numbers: readonly number[]): void {
    const serials = numbers.map((number) => disk(number).serial);
    this.#faults((pulled) =>
      pulled.filter((serial) => !serials.includes(serial)),
    );
  }

  #faults(change: (pulled: readonly string[]) => string[]): void {
    changeFaults(this.world, (faults) => {
      faults.pulled = change(faults.pulled);
    });
    dealMissing(this.world);
    settle(this.world);
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function disk(number: number, own: Partial<DiskSpec> = {}): DiskSpec {
  const hex = number.toString(16).padStart(2, "0");
  return {
    wwn: `0x5000c500a1b2c3${hex}`,
    serial: `ZC1000${hex.toUpperCase()}`,
    vendor: "SEAGATE",
    model: "ST4000NM0025",
    sizeBytes: 512 * mebibyte,
    rotational: true,
    paths: 1,
    ...own,
  };
}

export const fourDisks = [1, 2, 3, 4].map((number) => disk(number));

/** The lasting name of one of `disk`. */
export const id = (number: number) => `/dev/disk/by-id/wwn-${disk(number).wwn}`;
