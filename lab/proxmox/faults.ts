import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const faultKinds = {
  "error-before": "an error status (--status, 596) in place of the work",
  "error-after":
    "the work is done, its reply replaced by an error status (--status, 596)",
  "reset-before": "the connection is cut in place of the work",
  "reset-after":
    "the work is done, and the connection cut in place of its reply",
  "truncated-reply":
    "the work is done, and the connection cut in the middle of the reply",
  latency: "a request takes --ms longer",
  "lock-timeout":
    "the guest's lock is not had in time, and nothing is done (--match VMID)",
  "task-lock-timeout": "a task ends without the guest's lock",
  "storage-lock-timeout": "a task ends without the storage's lock",
  "task-fail": "a task ends with an error",
  "task-warnings": "a task ends with a warning",
  "late-log":
    "a task's last line, and so its status, is in its log --ms after its end",
  "slow-task": "a task takes --ms longer",
  "ignores-shutdown": "a guest does not react to a shutdown (--match VMID)",
  "node-down":
    "a node does not answer, and through another one the answer is 595",
  "full-storage": "no space is left on any storage (--match STORAGE)",
  "no-agent": "no guest agent answers (--match VMID)",
  "agent-timeout": "a guest agent is there and too busy to answer",
  "agent-refuses": "a guest agent has all but ping blocked, and says so",
  "stale-list":
    "the cluster's list does not know yet what its guests are (--match VMID)",
  "expire-tickets": "a ticket expires before its time",
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
  /** How often each subject came by, for each fault with a rate. */
  readonly #seen = new Map<string, number>();
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
      if (fault.rate !== undefined && this.#draw(fault, subject) >= fault.rate)
        continue;
      fault.fired = (fault.fired ?? 0) + 1;
      if (fault.count !== undefined) fault.count--;
      this.#save();
      return fault;
    }
    return undefined;
  }

  /** Whether it is gone for good, as other nodes see it. */
  isDown(node: string): boolean {
    return this.list.some(
      ({ kind, host, rate, match, count }) =>
        kind === "node-down" &&
        (host === undefined || host === node) &&
        rate === undefined &&
        match === undefined &&
        count === undefined,
    );
  }

  /** The same seed, the same number for a subject, whatever else goes on meanwhile. */
  #draw({ kind, seed = 1 }: Fault, subject: string): number {
    // A UPID's times differ from run to run.
    const name = `${kind} ${seed} ${subject.replace(/UPID:[^:]*:\w+:\w+:\w+/, "")}`;
    const times = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, times);
    return random(hash(`${name} ${times}`));
  }

  #save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.list, null, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const patterns = new Map<string, RegExp>();

function matches(glob: string, subject: string): boolean {
  const known = patterns.get(glob);
  if (known) return known.test(subject);
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*");
  const made = new RegExp(`^${pattern}$`);
  patterns.set(glob, made);
  return made.test(subject);
}

/** FNV-1a */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}

/** mulberry32: the same seed, the same number. */
function random(seed: number): number {
  let value = (seed * 0x6d2b79f5) | 0;
  value = Math.imul(value ^ (value >>> 15), value | 1);
  value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
  return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
}
