import type { Site } from "../manifest";
import { clientOf } from "./clients";
import { mountpointOf } from "./datasets";

export interface ExportEntry {
  path: string;
  dataset: string;
  /** Addresses and networks. */
  clients: string[];
  access: "rw" | "ro";
  sync: boolean;
  squash: "root" | "none" | "all";
}

/** What one host exports. */
export interface ExportPlan {
  host: string;
  /** The address that clients mount from, in the storage network. */
  server: string;
  entries: ExportEntry[];
}

export function exportsOf(site: Site): ExportPlan[] {
  const { storage, hardware } = site;
  if (storage === undefined) return [];
  const { pools, exports, network } = storage;
  const hosts = new Map<string, ExportEntry[]>();
  for (const { dataset, to, access, sync, squash } of exports) {
    const pool = pools.find(({ name }) => dataset.startsWith(`${name}/`));
    if (pool === undefined) continue;
    const entries = hosts.get(pool.host) ?? [];
    hosts.set(pool.host, entries);
    entries.push({
      path: mountpointOf(site, dataset),
      dataset,
      clients: to.flatMap((name) => clientOf(site, name)?.address ?? []),
      access,
      sync,
      squash,
    });
  }
  return [...hosts].map(([host, entries]) => ({
    host,
    server:
      hardware.hosts.find(({ name }) => name === host)?.addresses[network] ??
      "",
    entries,
  }));
}

/** Where a dataset is served. */
export function servedAt(
  site: Site,
  dataset: string,
): { host: string; server: string; path: string } | undefined {
  for (const { host, server, entries } of exportsOf(site)) {
    const entry = entries.find((item) => item.dataset === dataset);
    if (entry) return { host, server, path: entry.path };
  }
  return undefined;
}
