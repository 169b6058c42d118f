/** The hardware and the internet that the simulated hosts find themselves in. */
export interface ProxmoxSpec {
  /** A stand-alone host is a cluster of one node. */
  clusters: { name: string; nodes: NodeSpec[] }[];
  internet: InternetFile[];
}

export interface NodeSpec {
  name: string;
  listen: { host: string; port: number };
  cores: number;
  memoryBytes: number;
  storages: StorageSpec[];
  bridges: string[];
}

export interface StorageSpec {
  id: string;
  type: "dir" | "zfspool" | "lvmthin" | "nfs";
  content: string[];
  totalBytes: number;
  /** One storage for all nodes of the cluster that have it; an NFS share always is. */
  shared?: boolean;
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
  /** Makes MAC addresses and UUIDs the same in every run. */
  seed?: number;
  /** How long a refused login takes; PVE's own is 3 s. */
  authDelayMs?: number;
  record?: (entry: Record<string, unknown>) => void;
}
