import type { HostWorld } from "./world";

export const hostFaultKinds = {
  "cut-before": "the connection goes when the tool is called, before it runs",
  "cut-after": "the tool runs, and the connection goes with its answer",
  slow: "the tool waits before it does anything",
  fails: "the tool says an error and does nothing",
} as const;

export interface HostFault {
  kind: keyof typeof hostFaultKinds;
  /** Begin of "tool words...", "zpool create". */
  match: string;
  /** Calls that it lets pass before. */
  after?: number;
  count?: number;
  ms?: number;
  text?: string;
  code?: number;
}

/** What is bent, persisted, in the order in which it was bent. */
export class Faults {
  /** Set by the server: every connection goes. */
  cut: () => void = () => undefined;

  constructor(private readonly world: HostWorld) {}

  get list(): readonly HostFault[] {
    return this.world.load<{ faults: HostFault[] }>("faults", { faults: [] })
      .faults;
  }

  add(fault: HostFault): void {
    this.#save([...this.list, fault]);
  }

  clear(): void {
    this.#save([]);
  }

  /** The fault that this call meets, if any; counts it. */
  take(tool: string, words: readonly string[]): HostFault | undefined {
    const faults = [...this.list];
    const line = [tool, ...words].join(" ");
    const at = faults.findIndex(({ match }) => line.startsWith(match));
    const fault = faults[at];
    if (fault === undefined) return undefined;
    if ((fault.after ?? 0) > 0) {
      faults[at] = { ...fault, after: (fault.after ?? 0) - 1 };
      this.#save(faults);
      return undefined;
    }
    const left = (fault.count ?? 1) - 1;
    if (left > 0) faults[at] = { ...fault, count: left };
    else faults.splice(at, 1);
    this.#save(faults);
    return fault;
  }

  #save(faults: readonly HostFault[]): void {
    this.world.save("faults", { faults });
  }
}
