import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { tools as coreutils } from "../../lab/host/coreutils";
import { bootStorage, storageTools } from "../../lab/host/storage-machine";
import { HostWorld } from "../../lab/host/world";
import { fourDisks, id } from "./zfs-machine";

const tools = { ...coreutils, ...storageTools };

/** A machine with the volumes "tank/a" and "tank/b", its tools called without a shell. */
export class TargetMachine {
  readonly directory = mkdtempSync(join(tmpdir(), "hybrid-site-lio-"));
  world = new HostWorld("storage", this.directory);

  static async start(): Promise<TargetMachine> {
    const machine = new TargetMachine();
    machine.reboot();
    await machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`);
    for (const name of ["a", "b"])
      await machine.must(`zfs create -V 64M tank/${name}`);
    return machine;
  }

  reboot(): void {
    this.world.emptyMemory();
    mkdirSync(this.world.path("/run"));
    bootStorage(this.world, fourDisks);
  }

  async run(line: string, { stdin = "", user = "root" } = {}) {
    const [tool = "", ...words] = line.split(" ");
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const code = await tools[tool]?.({
      words,
      user,
      world: this.world,
      stdin: Readable.from([stdin]),
      stdout,
      stderr,
      signal: new AbortController().signal,
      run: () => Promise.resolve(127),
    });
    const [out, err] = [stdout, stderr].map((stream) =>
      String(stream.read() ?? ""),
    );
    return { code, out: out ?? "", err: err ?? "" };
  }

  /** What must work. */
  async must(line: string, stdin = ""): Promise<string> {
    const { code, out, err } = await this.run(line, { stdin });
    if (code !== 0) throw new Error(`${line}: ${code}: ${err}`);
    return out;
  }

  text(path: string): string {
    return readFileSync(this.world.path(path), "utf8");
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
