import ipaddr from "ipaddr.js";
import type { Line, Network, Router, Site, Wan } from "../manifest";
import { prefixLength } from "../schema/address";

/** A site with a router that leads to the internet. */
export type RoutedSite = Site & { wan: Wan; router: Router };

export function isRouted(site: Site): site is RoutedSite {
  return site.wan !== undefined && site.router !== undefined;
}

/** A network in which the router has an address. */
export type Leg = Network & { gateway: string };

export function legs({ networks }: Site): Leg[] {
  return networks.filter((item): item is Leg => item.gateway !== undefined);
}

export type Ipv6 = Exclude<Wan["ipv6"], "off">;

export function ipv6Of({ wan }: RoutedSite): Ipv6 | undefined {
  return wan.ipv6 === "off" ? undefined : wan.ipv6;
}

/** The /64 of a network: netifd makes the same of its ip6hint. */
export function ipv6Network({ ula }: Ipv6, { vlan }: Network): string {
  const parts = ipaddr.IPv6.parse(ula.split("/")[0] ?? "").parts.slice(0, 3);
  return `${new ipaddr.IPv6([...parts, vlan, 0, 0, 0, 0]).toString()}/64`;
}

/** The router's own addresses in a network, as netifd gives them. */
export function routerAddresses(site: RoutedSite, leg: Leg): string[] {
  const ipv6 = ipv6Of(site);
  if (ipv6 === undefined) return [leg.gateway];
  const [first = ""] = ipv6Network(ipv6, leg).split("/");
  const { parts } = ipaddr.IPv6.parse(first);
  const own = new ipaddr.IPv6([...parts.slice(0, 7), 1]);
  return [leg.gateway, own.toString()];
}

export function addressWithLength({ gateway, cidr }: Leg): string {
  return `${gateway}/${prefixLength(cidr)}`;
}

/** Written out or left out. */
export const everywhere = "0.0.0.0/0";

export type Family = "ipv4" | "ipv6";

/**
 * The lines that a network's traffic to the internet may take: those of its
 * policy, else of the rules that it can meet.
 */
export function linesOf(
  { wan }: RoutedSite,
  network: Network,
  family: Family,
): Line[] {
  const { wan: wish } = network;
  if (typeof wish === "object") {
    return wan.lines.filter(({ name }) => name === wish.only);
  }
  const names = rulesMet(wan, network, family).map(({ policy }) => policy);
  const policies = wan.policies.filter(({ name }) =>
    wish === undefined ? names.includes(name) : name === wish,
  );
  // Then the main table decides, and may decide for any.
  if (policies.some(({ lastResort }) => lastResort === "default")) {
    return wan.lines;
  }
  const used = policies.flatMap(({ lines }) => lines.map(({ line }) => line));
  return wan.lines.filter(({ name }) => used.includes(name));
}

/** The first that fits counts: none is met behind one that takes all of the network. */
function rulesMet({ rules }: Wan, { name }: Network, family: Family) {
  const fitting = rules.filter(
    ({ from = name, to = everywhere }) =>
      from === name && (family === "ipv4" || to === everywhere),
  );
  const last = fitting.findIndex(
    ({ to = everywhere, protocol, ports }) =>
      to === everywhere && protocol === "any" && ports === undefined,
  );
  return last < 0 ? fitting : fitting.slice(0, last + 1);
}
