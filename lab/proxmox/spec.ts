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
}

export interface VolumeGroup {
  name: string;
  bytes: number;
  thinPools: string[];
}

export interface StorageSpec {
  id: string;
  type: "dir" | "zfspool" | "lvmthin" | "lvm" | "nfs" | "iscsi";
  content: string[];
  totalBytes: number;
  /** One and the same on all nodes of the cluster that have it. */
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
  taskMs?: number;
  /** How long a refused login takes; PVE's own is 3 s. */
  authDelayMs?: number;
  record?: (entry: Record<string, unknown>) => void;
}
