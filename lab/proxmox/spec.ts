/** The hardware and the internet that the simulated hosts find themselves in. */
export interface ProxmoxSpec {
  /** A stand-alone host is a cluster of one node. */
  clusters: { name: string; nodes: NodeSpec[] }[];
  internet: InternetFile[];
  /** What the file servers on the net give out. */
  exports?: NfsExport[];
  targets?: IscsiTarget[];
}

export interface NfsExport {
  server: string;
  path: string;
  bytes: number;
  /** Answers showmount; left out: speaks version 4 only. */
  version3?: boolean;
}

export interface IscsiTarget {
  portal: string;
  target: string;
}

export interface NodeSpec {
  name: string;
  listen: { host: string; port: number };
  cores: number;
  memoryBytes: number;
  storages: StorageSpec[];
  /** The first has the address that the node listens on. */
  bridges: string[];
  /** Members of the bridges; left out: one NIC each, eno1, eno2 ... */
  ports?: Record<string, string[]>;
  /** NICs beside those. */
  nics?: string[];
  /** ZFS pools and data sets beside those of `storages`, with their size. */
  pools?: Record<string, number>;
  volumeGroups?: VolumeGroup[];
  /** Directories on which something is mounted. */
  mounts?: string[];
  pci?: PciSpec[];
  usb?: UsbSpec[];
}

export interface VolumeGroup {
  name: string;
  bytes: number;
  thinPools: string[];
}

/** A function of a card, with the numbers as sysfs has them ("0x8086"). */
export interface PciSpec {
  /** "0000:01:00.0" */
  id: string;
  class: string;
  vendor: string;
  device: string;
  vendorName?: string;
  deviceName?: string;
  subsystemVendor?: string;
  subsystemDevice?: string;
  /** -1: the machine has no IOMMU. */
  iommuGroup: number;
  mdev?: boolean;
}

export interface UsbSpec {
  busnum: number;
  devnum: number;
  /** "1.2", under the bus. */
  usbpath: string;
  /** Four hexadecimal digits. */
  vendid: string;
  prodid: string;
  speed?: string;
  manufacturer?: string;
  product?: string;
}

export interface StorageSpec {
  id: string;
  type: "dir" | "zfspool" | "lvmthin" | "lvm" | "nfs" | "iscsi";
  content: string[];
  totalBytes: number;
  /** One storage for all nodes of the cluster that have it; an NFS share always is. */
  shared?: boolean;
  /** Why the node may not use it, in PVE's words. */
  refusal?: string;
  /** What lies there from the start, "import/openwrt.raw". */
  files?: { name: string; bytes: number }[];
}

export interface InternetFile {
  url: string;
  sha256: string;
  bytes: number;
}

export interface ProxmoxOptions {
  /** Everything persistent: world, certificates, tokens. */
  directory: string;
  spec: ProxmoxSpec;
  latencyMs?: number;
  /** How long tasks take: all of them, or by type ("qmclone"), "default" for the rest. */
  taskMs?: number | Record<string, number>;
  /** From one look of the HA manager at its guests to the next. */
  haMs?: number;
  /** Makes MAC addresses and UUIDs the same in every run. */
  seed?: number;
  /** What a new world's token may do beside what a site needs. */
  privileges?: string[];
  /** How long a refused login takes; PVE's own is 3 s. */
  authDelayMs?: number;
  record?: (entry: Record<string, unknown>) => void;
  /** What a file server that is simulated elsewhere gives a node at present. */
  exportsTo?: (node: string, server: string) => readonly NfsExport[];
  /** Whether a node can log in to a target. */
  logsIn?: (node: string, target: IscsiTarget) => boolean;
  /** What a node's machine, simulated elsewhere, has on its bus at present, beside the spec's. */
  functionsOf?: (node: string) => readonly PciSpec[];
}
