import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const faultKinds = {
  frozen:
    'nothing arrives for --ms (15000) from a request (--match "uci apply") on',
  "session-expired":
    'the session of a call (--match "uci apply") is gone before it',
  "rpcd-restart":
    'rpcd restarts before a call (--match "uci confirm"): no timer any more',
  "rpcd-reload":
    'rpcd reloads before a call (--match "uci confirm"): no timer, sessions stay',
  "service-down":
    'a request finds no object (--match "network.interface dump", its first call)',
  "foreign-apply":
    "somebody else's change waits to be confirmed for --ms (10000)",
  "interface-fails": "an interface (--match wan1) fails when it is set up anew",
  "reply-lost": 'a call (--match "uci apply") is done, and its reply cut off',
} as const;

export type FaultKind = keyof typeof faultKinds;

export interface Fault {
  kind: FaultKind;
  /** "uci apply", or an interface. */
  match?: string;
  ms?: number;
  /** How often it may still happen. */
  count?: number;
  fired?: number;
}

/** States of a WAN port: its cable pulled, or nothing behind it answering. */
export const lineStates = ["up", "cut", "dead"] as const;
export type LineState = (typeof lineStates)[number];

interface Bent {
  faults: Fault[];
  lines: Record<string, LineState>;
}

/** What is bent in this world, in a file, so that it may be set while nothing runs. */
export class Faults {
  readonly #file: string;
  #bent: Bent = { faults: [], lines: {} };

  constructor(directory: string) {
    this.#file = join(directory, "faults.json");
    if (existsSync(this.#file))
      this.#bent = JSON.parse(readFileSync(this.#file, "utf8")) as Bent;
  }

  get list(): Fault[] {
    return this.#bent.faults;
  }

  add(fault: Fault): void {
    this.#bent.faults.push(fault);
    this.#save();
  }

  clear(): void {
    this.#bent = { faults: [], lines: {} };
    this.#save();
  }

  get lines(): Readonly<Record<string, LineState>> {
    return this.#bent.lines;
  }

  line(device: string): LineState {
    return this.#bent.lines[device] ?? "up";
  }

  setLine(device: string, state: LineState): void {
    this.#bent.lines[device] = state;
    this.#save();
  }

  /** The fault that hits this now, counted as fired. */
  hit(kind: FaultKind, subject: string): Fault | undefined {
    const fault = this.#bent.faults.find(
      (item) =>
        item.kind === kind &&
        (item.match === undefined || item.match === subject) &&
        item.count !== 0,
    );
    if (fault === undefined) return undefined;
    fault.fired = (fault.fired ?? 0) + 1;
    if (fault.count !== undefined) fault.count--;
    this.#save();
    return fault;
  }

  #save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#bent, null, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
