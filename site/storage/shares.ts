import type { Site } from "../manifest";
import { clientOf } from "./clients";
import { mountpointOf } from "./datasets";

export interface SharePlan {
  name: string;
  path: string;
  dataset: string;
  /** Addresses and networks. */
  clients: string[];
  readers?: string[];
  writers?: string[];
  guests?: "ro" | "rw";
  comment?: string;
  directory: { owner: string; group: string; mode: string };
}

/** What one host shares. */
export interface SharesPlan {
  host: string;
  /** Its own addresses, in the storage network. */
  interfaces: string[];
  accounts: string[];
  shares: SharePlan[];
}

/** All who write share one group, so that they can change each other's files. */
const directory = { owner: "root", group: "users", mode: "2770" };

export function sharesOf(site: Site): SharesPlan[] {
  const { storage, hardware } = site;
  if (storage === undefined) return [];
  const { pools, shares, accounts, network } = storage;
  const hosts = new Map<string, SharePlan[]>();
  for (const share of shares) {
    const { name, dataset, to, readers, writers, guests, comment } = share;
    const pool = pools.find((item) => dataset.startsWith(`${item.name}/`));
    if (pool === undefined) continue;
    const plans = hosts.get(pool.host) ?? [];
    hosts.set(pool.host, plans);
    plans.push({
      name,
      path: mountpointOf(site, dataset),
      dataset,
      clients: to.flatMap((item) => clientOf(site, item)?.address ?? []),
      ...(readers.length > 0 && { readers }),
      ...(writers.length > 0 && { writers }),
      ...(guests && { guests: guests.access }),
      ...(comment && { comment }),
      directory,
    });
  }
  return [...hosts].map(([host, plans]) => {
    const users = plans.flatMap(({ readers = [], writers = [] }) => [
      ...readers,
      ...writers,
    ]);
    const server = hardware.hosts.find(({ name }) => name === host);
    return {
      host,
      interfaces: [server?.addresses[network] ?? ""],
      accounts: accounts.filter((name) => users.includes(name)),
      shares: plans,
    };
  });
}
