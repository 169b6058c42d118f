import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const faultKinds = {
  "error-before": "an error status (596) in place of the work",
  "error-after":
    "the work is done, its reply replaced by an error status (596)",
  "reset-before": "the connection is cut in place of the work",
  "reset-after":
    "the work is done, and the connection cut in place of its reply",
  "lock-timeout": "the guest's lock is not had in time; nothing is done",
  "task-fail": "a task ends with an error",
  "task-warnings": "a task ends with a warning",
  "slow-task": "a task takes `ms` longer",
  "node-down": "a node does not answer",
  "full-storage": "no space is left on any storage",
  "no-agent": "no guest agent answers",
  "reload-fails": "ifreload ends with an error; the new file stands, unapplied",
  "bridge-down": "a bridge (--match vmbr1) does not come up after a change",
  "nfs-unreachable": "an NFS server (--match ADDRESS) does not answer",
} as const;

export type FaultKind = keyof typeof faultKinds;

export interface Fault {
  kind: FaultKind;
  /** Node name; left out: every node. */
  host?: string;
  /** "POST /nodes/*\/qemu/*\/clone"; for tasks their type, "qmclone". */
  match?: string;
  /** Share of what matches, 0 to 1. */
  rate?: number;
  /** How often it may still happen. */
  count?: number;
  status?: number;
  ms?: number;
  /** Of the random numbers behind `rate`. */
  seed?: number;
  fired?: number;
}

/** What is bent in this world; kept in a file, so that it may be set while nothing runs. */
export class Faults {
  readonly #file: string;
  list: Fault[] = [];

  constructor(directory: string) {
    this.#file = join(directory, "faults.json");
    if (existsSync(this.#file)) {
      this.list = JSON.parse(readFileSync(this.#file, "utf8")) as Fault[];
    }
  }

  add(fault: Fault): void {
    this.list.push(fault);
    this.#save();
  }

  clear(): void {
    this.list = [];
    this.#save();
  }

  /** The fault of one of `kinds` that hits this subject now, counted as fired. */
  hit(
    kinds: readonly FaultKind[],
    node: string,
    subject: string,
  ): Fault | undefined {
    for (const fault of this.list) {
      const applies =
        kinds.includes(fault.kind) &&
        (fault.host === undefined || fault.host === node) &&
        (fault.match === undefined || matches(fault.match, subject)) &&
        fault.count !== 0;
      if (!applies) continue;
      fault.seed = (fault.seed ?? 1) + 1;
      if (fault.rate !== undefined && random(fault.seed) >= fault.rate)
        continue;
      fault.fired = (fault.fired ?? 0) + 1;
      if (fault.count !== undefined) fault.count--;
      this.#save();
      return fault;
    }
    return undefined;
  }

  #save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.list, null, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function matches(glob: string, subject: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*");
  return new RegExp(`^${pattern}$`).test(subject);
}

/** mulberry32: the same seed, the same number. */
function random(seed: number): number {
  let value = (seed * 0x6d2b79f5) | 0;
  value = Math.imul(value ^ (value >>> 15), value | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
}
