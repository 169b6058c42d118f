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
