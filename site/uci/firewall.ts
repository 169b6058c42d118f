import type { Line, Network } from "../manifest";
import { ipv6Of as ipv6Name, uciName, zoneName } from "./names";
import {
  ipv6Of,
  type Leg,
  legs,
  linesOf,
  type RoutedSite,
  routerAddresses,
} from "./routed";
import { type Section, section } from "./section";

/** TCP ports by which the router is administered: SSH, and ubus over TLS. */
export const administration = ["22", "443"];

const neighbours = ["neighbour-solicitation", "neighbour-advertisement"];

type Options = Parameters<typeof section>[2];
type RuleOf = (what: string, options: Options) => Section;
type Allow = NonNullable<Network["allow"]>[number];

/** Nothing passes but what is listed; the order is that of the manifest. */
export function deriveFirewall(site: RoutedSite): Section[] {
  return [
    section("defaults", "defaults", {
      input: "REJECT",
      output: "REJECT",
      forward: "REJECT",
      synflood_protect: true,
    }),
    ...legs(site).map(({ name }) =>
      section("zone", `zone_${uciName(name)}`, {
        name: zoneName(name),
        network: [uciName(name)],
        input: "REJECT",
        output: "ACCEPT",
        forward: "REJECT",
      }),
    ),
    ...site.wan.lines.map(({ interface: name }) => wanZone(site, name)),
    ...legs(site).flatMap((leg) => inputRules(site, leg)),
    ...site.wan.lines.flatMap((line) => lineRules(site, line)),
    ...legs(site).flatMap((leg) =>
      (leg.allow ?? []).flatMap((allow) => allowRules(site, leg, allow)),
    ),
    ...legs(site).flatMap((leg) => forwardings(site, leg)),
  ];
}

/** One zone for each line: a policy of mwan3 alone confines nobody. */
function wanZone(site: RoutedSite, name: string): Section {
  const ipv6 = ipv6Of(site) !== undefined;
  return section("zone", `zone_${name}`, {
    name: zoneName(name),
    network: ipv6 ? [name, ipv6Name(name)] : [name],
    input: "DROP",
    output: "ACCEPT",
    forward: "DROP",
    masq: true,
    masq6: ipv6 ? true : undefined,
    mtu_fix: true,
  });
}

function family(site: RoutedSite): string {
  return ipv6Of(site) ? "any" : "ipv4";
}

/** The lines of a network, each with the family that may take it. */
function outlets(site: RoutedSite, from: Leg) {
  const [four, six] = (["ipv4", "ipv6"] as const).map((family) =>
    family === "ipv6" && !ipv6Of(site) ? [] : linesOf(site, from, family),
  );
  return site.wan.lines.flatMap((line) => {
    const [is4, is6] = [four?.includes(line), six?.includes(line)];
    if (!is4 && !is6) return [];
    const family = is4 && is6 ? "any" : is4 ? "ipv4" : "ipv6";
    return [{ destination: line.interface, family }];
  });
}

/**
 * What the router itself answers. By its address in the same network only: a
 * rule without dest_ip would open its addresses in all the others as well.
 */
function inputRules(site: RoutedSite, leg: Leg): Section[] {
  const name = uciName(leg.name);
  const own = { src: zoneName(leg.name), dest_ip: routerAddresses(site, leg) };
  const rule: RuleOf = (what, options) =>
    section("rule", `${what}_${name}`, { ...options, target: "ACCEPT" });
  return [
    ...(leg.name === site.router.management
      ? [
          rule("administer", {
            name: `${leg.name} to router: administration`,
            ...own,
            proto: ["tcp"],
            dest_port: administration,
          }),
        ]
      : []),
    ...(leg.dhcp
      ? [
          // To the broadcast address, as a machine without one asks.
          rule("dhcp", {
            name: `${leg.name} to router: addresses`,
            src: own.src,
            proto: ["udp"],
            dest_port: ["67"],
            family: "ipv4",
          }),
          rule("dns", {
            name: `${leg.name} to router: names`,
            ...own,
            proto: ["tcp", "udp"],
            dest_port: ["53"],
          }),
        ]
      : []),
    ...(ipv6Of(site) ? ipv6Rules(leg, rule) : []),
    rule("ping", {
      name: `${leg.name} to router: ping`,
      ...own,
      proto: ["icmp"],
      icmp_type: ["echo-request"],
    }),
  ];
}

/** Without neighbour discovery no IPv6 packet finds its way. */
function ipv6Rules(leg: Leg, rule: RuleOf): Section[] {
  const src = zoneName(leg.name);
  return [
    ...(leg.dhcp
      ? [
          rule("dhcpv6", {
            name: `${leg.name} to router: IPv6 addresses`,
            src,
            proto: ["udp"],
            dest_port: ["547"],
            family: "ipv6",
          }),
        ]
      : []),
    rule("discovery", {
      name: `${leg.name} to router: neighbours`,
      src,
      proto: ["icmp"],
      icmp_type: ["router-solicitation", ...neighbours],
      family: "ipv6",
    }),
  ];
}

/** What a line must be able to say to have an address at all. */
function lineRules(site: RoutedSite, { interface: name, protocol }: Line) {
  const rule = (what: string, options: Options) =>
    section("rule", `${what}_${name}`, {
      ...options,
      src: zoneName(name),
      target: "ACCEPT",
    });
  return [
    ...(protocol === "dhcp"
      ? [
          // A server may answer a renewal from another address than it was asked by.
          rule("renew", {
            name: `${name} to router: renewal of its address`,
            proto: ["udp"],
            src_port: ["67"],
            dest_port: ["68"],
            family: "ipv4",
          }),
        ]
      : []),
    ...(ipv6Of(site)
      ? [
          rule("renew6", {
            name: `${name} to router: renewal of its IPv6 address`,
            proto: ["udp"],
            src_ip: ["fe80::/10"],
            src_port: ["547"],
            dest_port: ["546"],
            family: "ipv6",
          }),
          rule("advertised", {
            name: `${name} to router: routers on the line`,
            proto: ["icmp"],
            src_ip: ["fe80::/10"],
            icmp_type: ["router-advertisement"],
            family: "ipv6",
          }),
          // From any address: who looks whether one is free has none yet, and
          // the kernel takes none of these from beyond the line (hop limit 255,
          // RFC 4861, 7.1).
          rule("discovery", {
            name: `${name} to router: neighbours`,
            proto: ["icmp"],
            icmp_type: [...neighbours],
            family: "ipv6",
          }),
        ]
      : []),
  ];
}

/** Everything to the internet is a forwarding, not a rule. */
function allowRules(site: RoutedSite, from: Leg, allow: Allow): Section[] {
  const { to, protocol, reason } = allow;
  const ports = (allow.ports ?? []).map(String);
  if (to === "internet" && protocol === "any") return [];
  const destinations =
    to === "internet"
      ? outlets(site, from)
      : [{ destination: uciName(to), family: family(site) }];
  const suffix = [protocol, ...ports].join("_").replaceAll("-", "to");
  return destinations.map(({ destination, family }) =>
    section("rule", `allow_${uciName(from.name)}_${destination}_${suffix}`, {
      name: `${zoneName(from.name)} to ${zoneName(destination)}: ${reason}`,
      src: zoneName(from.name),
      dest: zoneName(destination),
      proto: [protocol === "any" ? "all" : protocol],
      dest_port: ports.length > 0 ? ports : undefined,
      family,
      target: "ACCEPT",
    }),
  );
}

function forwardings(site: RoutedSite, from: Leg): Section[] {
  const free = (from.allow ?? []).some(
    ({ to, protocol }) => to === "internet" && protocol === "any",
  );
  if (!free) return [];
  return outlets(site, from).map(({ destination: line, family }) =>
    section("forwarding", `forward_${uciName(from.name)}_${line}`, {
      src: zoneName(from.name),
      dest: zoneName(line),
      family,
    }),
  );
}
