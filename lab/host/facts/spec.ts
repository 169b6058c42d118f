/** What a machine is made of, as its kernel and firmware see it. */
export interface FactsSpec {
  pci: PciSpec[];
  hbas: HbaSpec[];
  /** Left out: the firmware has no table. */
  memory?: SocketSpec[];
  /** "Debian GNU/Linux 13 (trixie)" */
  distribution: string;
  kernel: string;
  /** Of the loaded module. */
  zfs?: string;
  /** Installed packages with their versions; "pve-manager" makes it a PVE host. */
  packages: Record<string, string>;
}

type Named = { id: string; name: string };

export interface PciSpec {
  address: string;
  class: Named;
  vendor: Named;
  device: Named;
  subsystem?: { vendor: Named; device: Named };
  revision?: string;
  driver?: string;
  modules?: string[];
  iommuGroup?: number;
  /** Absent where there is no link of PCI Express. */
  link?: { width: number; speed: number };
  maxLink?: { width: number; speed: number };
}

export interface HbaSpec {
  pci: string;
  /** The kernel's number, 6 is "host6"; as its disks' addresses have it. */
  host: number;
  /** The driver's own number of the card. */
  number: number;
  driver: "mpt2sas" | "mpt3sas";
  chip: string;
  board: string;
  firmware: string;
  bios: string;
  sasAddress: string;
  /** Its firmware can RAID. */
  raid: boolean;
  /** What the driver said at start is no longer in the journal. */
  isLogGone?: boolean;
}

export interface SocketSpec {
  locator: string;
  bank: string;
  module?: {
    /** "16 GB" */
    size: string;
    type: string;
    /** "Synchronous Unbuffered (Unregistered)" */
    detail: string;
    ecc: boolean;
    speed: number;
    configuredSpeed: number;
    manufacturer: string;
    partNumber: string;
  };
}
