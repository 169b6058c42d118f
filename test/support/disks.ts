import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { HostWorld } from "../../lab/host";
import {
  bootDisks,
  type DiskSpec,
  installDisks,
  multipathTools,
  tools,
} from "../../lab/host/disks";

/** The n-th disk of a shelf: WWN and serial number tell which it is. */
export function shelfDisk(
  slot: number,
  more: Partial<DiskSpec> = {},
): DiskSpec {
  return {
    wwn: `0x5000c500a1b2c3${slot.toString(16).padStart(2, "0")}`,
    serial: `Z1Z${String(slot).padStart(5, "0")}`,
    vendor: "SEAGATE",
    model: "ST4000NM0023",
    sizeBytes: 4_000_787_030_016,
    rotational: true,
    enclosure: { id: "0x500304801e8d5700", slot },
    paths: 1,
    ...more,
  };
}

export interface DisksWorld {
  world: HostWorld;
  /** Anew over what is on the disk, as another process would. */
  reopen(): HostWorld;
  run(
    ...line: string[]
  ): Promise<{ code: number; stdout: Buffer; stderr: string }>;
  remove(): void;
}

/** A machine with these disks, after its first boot; its tools are called without SSH. */
export function disksWorld(disks: readonly DiskSpec[]): DisksWorld {
  const directory = mkdtempSync(join(tmpdir(), "hybrid-site-disks-"));
  const world = new HostWorld("storage", directory);
  installDisks(world, { disks });
  bootDisks(world);
  const all = { ...tools, ...multipathTools };
  return {
    world,
    reopen: () => new HostWorld("storage", directory),
    async run(name = "", ...words) {
      const out: Buffer[] = [];
      const errors: Buffer[] = [];
      const stdout = new PassThrough().on("data", (chunk) => out.push(chunk));
      const stderr = new PassThrough().on("data", (chunk) =>
        errors.push(chunk),
      );
      const code = await all[name]?.({
        words,
        user: "root",
        world,
        stdin: new PassThrough().end(),
        stdout,
        stderr,
        signal: new AbortController().signal,
        run: () => Promise.resolve(127),
      });
      return {
        code: code ?? 127,
        stdout: Buffer.concat(out),
        stderr: Buffer.concat(errors).toString("utf8"),
      };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
