/** What stands behind a WAN port. */
export interface LineSpec {
  /** As the site calls it. */
  name: string;
  device: string;
  /** What its DHCP server gives, a.b.c.d/len. */
  address: string;
  gateway: string;
  /** What its DHCPv6 server gives, if there is one. */
  ipv6?: { address: string; gateway: string };
  /** Addresses that answer through it. */
  reaches: string[] | "all";
}

export interface OpenwrtSpec {
  name: string;
  listen: { host: string; port: number };
  /** Network cards, as the kernel calls them. */
  devices: { name: string; mac: string }[];
  /** The card on which the site's VLANs arrive, tagged. */
  trunk: string;
  /** The address that clients reach by `listen`. */
  managementAddress: string;
  lines: LineSpec[];
  /** The image: path without a leading slash, and text. */
  files: Record<string, string>;
  /** What `$p$USER` in /etc/config/rpcd points to; "" takes any password. */
  shadow: Record<string, string>;
}

export interface OpenwrtRecord {
  object: string;
  method: string;
  args: unknown;
  fault?: string;
}

export interface OpenwrtOptions {
  /** Where the world is kept. */
  directory: string;
  spec: OpenwrtSpec;
  latencyMs?: number;
  record?: (entry: OpenwrtRecord) => void;
}
