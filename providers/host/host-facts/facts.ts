/** A link of PCI Express: lanes, and GT/s of each. */
export interface Link {
  width: number;
  speed: number;
}

export interface PciDevice {
  /** "0000:01:00.0" */
  address: string;
  /** "Serial Attached SCSI controller" */
  class: string;
  /** Vendor and device, "1000:0087". */
  id: string;
  subsystemId?: string;
  name: string;
  driver?: string;
  iommuGroup?: number;
  /** What it runs at now. */
  link?: Link;
  /** What card and slot can. */
  maxLink?: Link;
}

export interface Hba {
  /** Its PCI address. */
  address: string;
  driver: string;
  board: string;
  firmware: string;
  bios?: string;
  sasAddress?: string;
  /** By what the driver says when it starts: neither board nor firmware tell. */
  mode: "IT" | "IR" | "unknown";
}

export interface Disk {
  /** Without "0x"; empty where the disk has none. */
  wwn: string;
  serial: string;
  model: string;
  sizeBytes: number;
  /** How many ways lead to it. */
  paths: number;
  /** Logical id of the shelf, "0x500304801f2b3c3f". */
  enclosure?: string;
  slot?: number;
}

/** A shelf as it tells of itself. */
export interface Shelf {
  /** Logical id, "0x500304801f2b3c3f". */
  id: string;
  /** Of the manifest; undefined: it knows none such. */
  name?: string;
  ways: Way[];
  /** WWNs by slot. */
  disks: Record<string, string>;
}

/** An adapter's phys that lead to one I/O module of a shelf. */
export interface Way {
  /** PCI address. */
  hba: string;
  phys: number[];
}

export type Counts = Partial<
  Record<
    "invalidDwords" | "disparityErrors" | "lostSyncs" | "failedResets",
    number
  >
>;

/** What a phy has counted since it was started; one that has counted nothing is left out. */
export interface LinkErrors extends Counts {
  hba: string;
  /** Logical id, where it is a phy of a shelf's expander. */
  shelf?: string;
  /** Its number at the adapter or the expander. */
  phy: number;
  /** WWN of the disk at its other end. */
  disk?: string;
}

/** By SMART. Neither temperatures nor hours: what moves by itself is no fact. */
export interface Health {
  wwn: string;
  serial: string;
  state: "good" | "failing" | "asleep" | "unknown";
  /** Why nothing is known. */
  reason?: string;
  /** Attributes that are below their threshold now. */
  below?: string[];
  hasFailedTest?: boolean;
  /** Moved away from and in use no more; like the others left out when 0. */
  defects?: number;
  /** Cannot be read. */
  pending?: number;
  uncorrected?: number;
  /** Of a SATA disk: what its cable has garbled. */
  garbled?: number;
}

export interface MemoryModule {
  /** The socket, as the board calls it. */
  locator: string;
  sizeBytes: number;
  /** "DDR4" */
  type: string;
  kind?: "UDIMM" | "RDIMM" | "LRDIMM";
  ecc?: boolean;
  /** MT/s of the module, and those that it runs at. */
  speed?: number;
  configuredSpeed?: number;
  manufacturer: string;
  partNumber: string;
}

export interface Versions {
  distribution: string;
  kernel: string;
  /** Of the loaded module. */
  zfs?: string;
  pve?: string;
}

export interface Facts {
  pci: PciDevice[];
  hbas: Hba[];
  disks: Disk[];
  shelves: Shelf[];
  links: LinkErrors[];
  health: Health[];
  /** Undefined: the firmware does not say. */
  memory?: MemoryModule[];
  versions: Versions;
}
