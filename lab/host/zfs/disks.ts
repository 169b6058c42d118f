import { type Device, type Devices, disksOf } from "../disks";
import { type NvList, poolStates, readLabel } from "../disks/labels";
import type { HostWorld } from "../world";

/** The machine's devices as they are now, by all their names. */
export class Disks {
  readonly #devices: Devices;
  #byPath: Map<string, Device> | undefined;
  readonly #labels = new Map<Device, NvList | "gone" | undefined>();

  constructor(readonly world: HostWorld) {
    this.#devices = disksOf(world);
  }

  all(): readonly Device[] {
    return this.#devices.all();
  }

  find(path: string): Device | undefined {
    this.#byPath ??= new Map(
      this.all().flatMap((device) => [
        [`/dev/${device.name}`, device] as const,
        ...this.links(device).map((link) => [link, device] as const),
      ]),
    );
    return this.#byPath.get(path);
  }

  links(device: Device): readonly string[] {
    return this.#devices.links(device);
  }

  heldBy(device: Device): string | undefined {
    return this.#devices.heldBy(device);
  }

  claim(device: Device, holder: string | undefined): void {
    this.#devices.claim(device, holder);
  }

  /**
   * As it was when it was first asked for. "gone": the device answers with
   * errors. A label of transaction group 0 is none: the disk was taken out of
   * its pool.
   */
  label(device: Device): NvList | "gone" | undefined {
    if (this.#labels.has(device)) return this.#labels.get(device);
    const label = readAnew(device);
    this.#labels.set(device, label);
    return label;
  }
}

function readAnew(device: Device): NvList | "gone" | undefined {
  try {
    const label = readLabel(device);
    const isAuxiliary =
      label?.state === poolStates.spare || label?.state === poolStates.cache;
    return isAuxiliary || (label?.txg ?? 0n) !== 0n ? label : undefined;
  } catch {
    return "gone";
  }
}
