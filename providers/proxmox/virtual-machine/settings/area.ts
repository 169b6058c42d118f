import type { Config } from "../../guests/config";
import type { VirtualMachineInputs } from "../model";

/** One area of a guest's configuration, from inputs to PVE's keys and back. */
export interface Area {
  /**
   * What keys shall be, undefined: unset. Keys that the inputs say nothing
   * about, and did not before, are left out: they are somebody else's.
   */
  write(
    inputs: VirtualMachineInputs,
    config: Config,
    before: VirtualMachineInputs | undefined,
  ): Config;
  /** The inputs as the device has them, only for what `inputs` sets. */
  read(
    inputs: VirtualMachineInputs,
    config: Config,
  ): Partial<VirtualMachineInputs>;
}

/** The indexed keys of the guest and of the inputs together. */
export function indexed(
  config: Config,
  kind: string,
  wanted: object = {},
): string[] {
  const pattern = new RegExp(`^${kind}\\d+$`);
  const present = Object.keys(config).filter((key) => pattern.test(key));
  return [...new Set([...present, ...Object.keys(wanted)])].sort();
}

/** `actual` in the order of `wanted`, when both hold the same. */
export function reordered<T>(actual: T[], wanted: readonly T[]): T[] {
  const equalSets =
    actual.length === wanted.length && wanted.every((x) => actual.includes(x));
  return equalSets ? [...wanted] : actual;
}
