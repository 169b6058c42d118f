import type { Site } from "../manifest";

export interface HostName {
  address: string;
  /** The full name first. */
  names: string[];
}

/**
 * What every host knows without asking anybody: the machines, plain in their
 * first network and as NAME-NETWORK in others, and further names.
 */
export function hostNamesOf({
  site,
  hardware,
  proxmox,
  dns,
}: Site): HostName[] {
  const full = (name: string) => [`${name}.${site.domain}`, name];
  // pmxcfs does not start where the node's own name leads to no address. On a
  // line of its own: the first name of a line is what "hostname -f" says.
  const nodeOf = (host: string) =>
    proxmox.hosts.find((item) => item.host === host)?.node ?? host;
  return [
    ...hardware.hosts.flatMap(({ name, addresses, bmc }) => [
      ...Object.values(addresses)
        .slice(0, nodeOf(name) === name ? 0 : 1)
        .map((address) => ({ address, names: full(nodeOf(name)) })),
      ...Object.entries(addresses).map(([network, address], index) => ({
        address,
        names: full(index === 0 ? name : `${name}-${network}`),
      })),
      ...(bmc ? [{ address: bmc, names: full(`${name}-bmc`) }] : []),
    ]),
    ...(dns?.records ?? []).map(({ name, address }) => ({
      address,
      names: name.includes(".") ? [name] : full(name),
    })),
  ];
}

export interface ResolverPlan {
  servers: string[];
  search: string[];
}

export function resolversOf({ site, dns }: Site): ResolverPlan | undefined {
  return dns && { servers: dns.resolvers, search: dns.search ?? [site.domain] };
}

export interface ClockPlan {
  host: string;
  zone: string;
  /** Whom it asks for the time. */
  sources: string[];
  /** Networks whose machines may ask it. */
  serves: string[];
}

export function clocksOf({ hardware, networks, time }: Site): ClockPlan[] {
  if (time === undefined) return [];
  const { zone, servers, upstream } = time;
  return hardware.hosts.map(({ name, addresses }) => {
    const mine = Object.keys(addresses);
    const others = hardware.hosts
      .filter((other) => other.name !== name && servers.includes(other.name))
      .flatMap((other) => {
        const shared = mine.find((network) => network in other.addresses);
        return (shared && other.addresses[shared]) ?? [];
      });
    if (!servers.includes(name))
      return { host: name, zone, sources: others, serves: [] };
    const serves = networks.filter((network) => mine.includes(network.name));
    return {
      host: name,
      zone,
      // Cut off from upstream, servers stay together only if they ask each
      // other (chrony.conf(5), local orphan).
      sources: [...upstream, ...others],
      serves: serves.map(({ cidr }) => cidr),
    };
  });
}
