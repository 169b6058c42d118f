/** What every guest of the bench is like, whoever makes it. */
export const workload = {
  cores: 2,
  memoryMiB: 2048,
  diskGiB: 20,
  vlan: 30,
  user: "ops",
  vmIds: { from: 200_000, to: 299_999 },
} as const;

/** Where the guests go, and what they are cloned from. */
export interface Place {
  /** The key of endpoint and credential in the stack's configuration. */
  host: string;
  node: string;
  template: string;
  /** Of the template's disk, "scsi0". */
  slot: string;
  storage: string;
  bridge: string;
}

const prefix = "bench-";

export function vmName(number: number): string {
  return `${prefix}${number}`;
}

export function isVmName(name: unknown): boolean {
  return /^bench-\d+$/.test(String(name));
}
