/** A block device as the machine's kernel sees it. */
export interface Device {
  /** The kernel's name: "sda", "sda1", "dm-0"; changes between boots. */
  readonly name: string;
  readonly kind: "disk" | "part" | "mpath";
  readonly sizeBytes: number;
  /** "0x5000c500a1b2c3d4"; of a partition its disk's. */
  readonly wwn: string;
  readonly serial: string;
  /** The kernel's names of what is stacked upon it: partitions, maps. */
  readonly holders: readonly string[];
  /** What it is stacked upon: a partition's disk or map, a map's paths. */
  readonly slaves: readonly string[];
  /** [major, minor]. */
  readonly number: readonly [number, number];
  readonly partition?: PartitionEntry;
  /** Throws like the kernel (EIO) when the disk or its path is gone. */
  read(offset: number, length: number): Buffer;
  write(offset: number, data: Buffer): void;
}

/** What tools ask of the machine's disks. */
export interface Devices {
  all(): readonly Device[];
  /** By any path below /dev: a kernel's name, by-id, by-path, mapper. */
  find(path: string): Device | undefined;
  /** Links below /dev/disk/by-id and /dev/mapper that lead to a device. */
  links(device: Device): readonly string[];
  /** Why nobody may open it exclusively: "mounted on /", "a path of dm-0"; pools add theirs by `claim`. */
  heldBy(device: Device): string | undefined;
  /** Until the next boot; an imported pool holds its disks. */
  claim(device: Device, holder: string | undefined): void;
}

/** A row of a partition table. */
export interface PartitionEntry {
  scheme: "gpt" | "dos";
  number: number;
  startBytes: number;
  sizeBytes: number;
  /** A GUID in lower case, or "0x83". */
  type: string;
  uuid: string;
  label?: string;
  /** Of GPT the attributes, of MBR the boot indicator. */
  flags?: bigint;
}

/** What a system call ends with. */
export class KernelError extends Error {
  constructor(readonly code: "EIO" | "ENXIO" | "ENOSPC" | "EBUSY") {
    super(
      {
        EIO: "Input/output error",
        ENXIO: "No such device or address",
        ENOSPC: "No space left on device",
        EBUSY: "Device or resource busy",
      }[code],
    );
  }
}
