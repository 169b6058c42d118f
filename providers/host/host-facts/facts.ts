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
  /** Undefined: the firmware does not say. */
  memory?: MemoryModule[];
  versions: Versions;
}
