import type { Line } from "../manifest";
import { ipv6Of as ipv6Name, uciName } from "./names";
import {
  addressWithLength,
  ipv6Of,
  type Leg,
  legs,
  type RoutedSite,
} from "./routed";
import { type Section, section } from "./section";

export const bridge = "br-lan";

export function deriveNetwork(site: RoutedSite): Section[] {
  const { wan, router } = site;
  const ipv6 = ipv6Of(site);
  const mtu = trunkMtu(site);
  return [
    ...(ipv6 ? [section("globals", "globals", { ula_prefix: ipv6.ula })] : []),
    ...(mtu ? [section("device", "trunk", { name: router.trunk, mtu })] : []),
    section("device", "br_lan", {
      name: bridge,
      type: "bridge",
      ports: [router.trunk],
      mtu,
    }),
    ...legs(site).map(({ vlan }) =>
      section("bridge-vlan", `vlan${vlan}`, {
        device: bridge,
        vlan,
        ports: [`${router.trunk}:t`],
      }),
    ),
    ...legs(site).map((leg) => networkInterface(leg, ipv6 !== undefined)),
    ...wan.lines.map(({ port, interface: name, protocol, mtu }) =>
      section("device", `port_${name}`, {
        name: port,
        ipv6: ipv6 !== undefined,
        // Of PPPoE it is the session's, and the card's stays.
        mtu: protocol === "pppoe" ? undefined : mtu,
      }),
    ),
    ...wan.lines.flatMap((line) => lineInterfaces(site, line)),
  ];
}

/** One MTU from the guest's NIC to the VLANs. */
function trunkMtu({ guests, router }: RoutedSite): number | undefined {
  const guest = guests.find(({ name }) => name === router.guest);
  return guest?.nics.find(({ trunk }) => trunk)?.mtu;
}

function networkInterface(leg: Leg, ipv6: boolean): Section {
  return section("interface", uciName(leg.name), {
    device: `${bridge}.${leg.vlan}`,
    proto: "static",
    ipaddr: [addressWithLength(leg)],
    delegate: ipv6 ? undefined : false,
    ip6assign: ipv6 ? 64 : undefined,
    ip6hint: ipv6 ? leg.vlan.toString(16) : undefined,
  });
}

function lineInterfaces(site: RoutedSite, line: Line): Section[] {
  const { port, interface: name, metric, mtu } = line;
  const ipv6 = ipv6Of(site) !== undefined;
  const resolvers = { peerdns: false, dns: [...site.wan.dns] };
  return [
    section("interface", name, {
      device: port,
      proto: line.protocol,
      ...protocolOptions(line, ipv6),
      metric,
      defaultroute: true,
      ...resolvers,
      mtu,
      delegate: false,
    }),
    ...(ipv6
      ? [
          section("interface", ipv6Name(name), {
            device: `@${name}`,
            proto: "dhcpv6",
            reqaddress: "try",
            reqprefix: "no",
            metric,
            defaultroute: true,
            peerdns: false,
            delegate: false,
          }),
        ]
      : []),
  ];
}

function protocolOptions(line: Line, ipv6: boolean) {
  switch (line.protocol) {
    case "dhcp":
      return {};
    case "static":
      return { ipaddr: [line.address], gateway: line.gateway };
    case "pppoe":
      return { username: line.username, ipv6 };
  }
}
