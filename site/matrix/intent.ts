import type { Network } from "../manifest";
import { zoneName } from "../uci/names";
import { legs, type RoutedSite, routerAddresses } from "../uci/routed";
import type { Flow } from "./evaluate";
import { isWithin, type PortRange, portRange } from "./ports";

const administration = [22, 443];
const dns = 53;
const dhcpServer = 67;
const dhcpClient = 68;
const dhcpv6Server = 547;
const dhcpv6Client = 546;

/** What the manifest, or the router itself, makes a difference of. */
export function portsNamed({ networks }: RoutedSite): PortRange[] {
  const own = [
    ...administration,
    dns,
    dhcpServer,
    dhcpClient,
    dhcpv6Server,
    dhcpv6Client,
  ];
  return [
    ...own,
    ...networks.flatMap(({ allow = [] }) =>
      allow.flatMap(({ ports = [] }) => ports),
    ),
  ].map((port) => portRange(`${port}`));
}

/** A network with what is looked at for each flow of thousands. */
interface Leg {
  network: Network;
  zone: string;
  /** The router's in it. */
  addresses: readonly string[];
  allow: {
    to: string;
    zone: string;
    protocol: string;
    ranges?: PortRange[];
  }[];
}

interface Prepared {
  site: RoutedSite;
  legs: ReadonlyMap<string, Leg>;
  lines: ReadonlyMap<string, RoutedSite["wan"]["lines"][number]>;
  uses: Map<string, boolean>;
}

/** What the manifest says of each flow, without a look at what is derived of it. */
export function intentOf(site: RoutedSite): (flow: Flow) => boolean {
  const prepared: Prepared = {
    site,
    legs: new Map(
      legs(site).map((leg) => [
        zoneName(leg.name),
        {
          network: leg,
          zone: zoneName(leg.name),
          addresses: routerAddresses(site, leg),
          allow: (leg.allow ?? []).map(({ to, protocol, ports }) => ({
            to,
            zone: zoneName(to),
            protocol,
            ranges: ports?.map((range) => portRange(`${range}`)),
          })),
        },
      ]),
    ),
    lines: new Map(
      site.wan.lines.map((line) => [zoneName(line.interface), line]),
    ),
    uses: new Map(),
  };
  return (flow) => intended(prepared, flow);
}

function intended(prepared: Prepared, flow: Flow): boolean {
  const leg = prepared.legs.get(flow.from);
  if (leg === undefined) return begins(prepared, flow);
  const { wan, router } = prepared.site;
  if (flow.family === "ipv6" && wan.ipv6 === "off") return false;
  return "address" in flow.to
    ? answers(router, leg, flow, flow.to.address)
    : allows(prepared, leg, flow, flow.to.zone);
}

/** Nothing begins at a line but what gives the line its own address. */
function begins(
  { site: { wan }, lines }: Prepared,
  { from, to, family, protocol, port }: Flow,
): boolean {
  const line = lines.get(from);
  if (line === undefined || "zone" in to || protocol !== "udp") return false;
  return family === "ipv4"
    ? line.protocol === "dhcp" && port === dhcpClient
    : wan.ipv6 !== "off" && port === dhcpv6Client;
}

function allows(
  { site, lines, uses }: Prepared,
  { network, zone, allow }: Leg,
  { protocol, port, family }: Flow,
  to: string,
): boolean {
  if (to === zone) return false;
  const line = lines.get(to);
  if (line) {
    const key = `${zone} ${to} ${family}`;
    const use = uses.get(key) ?? mayUse(site, network, line.name, family);
    uses.set(key, use);
    if (!use) return false;
  }
  return allow.some(
    (item) =>
      (line ? item.to === "internet" : item.zone === to) &&
      (item.protocol === "any" || item.protocol === protocol) &&
      (item.ranges === undefined || isWithin(item.ranges, port)),
  );
}

/** By the policy of its own, else by the rules down to the one that takes the rest of it. */
function mayUse(
  { wan: { policies, rules } }: RoutedSite,
  { name, wan: wish }: Network,
  line: string,
  family: Flow["family"],
): boolean {
  if (typeof wish === "object") return wish.only === line;
  const chosen = new Set(wish ? [wish] : []);
  for (const { from, to, protocol, ports, policy } of wish ? [] : rules) {
    if (from !== undefined && from !== name) continue;
    const isEverywhere = to === undefined || to === "0.0.0.0/0";
    if (family === "ipv6" && !isEverywhere) continue;
    chosen.add(policy);
    if (isEverywhere && protocol === "any" && ports === undefined) break;
  }
  return policies.some(
    ({ name: policy, lines, lastResort }) =>
      chosen.has(policy) &&
      (lastResort === "default" || lines.some((item) => item.line === line)),
  );
}

/** By its address in the asker's own network, and no other. */
function answers(
  { management }: RoutedSite["router"],
  { network, addresses }: Leg,
  { protocol, port, family }: Flow,
  address: string,
): boolean {
  const given = network.dhcp !== undefined;
  // A machine without an address asks everybody.
  if (protocol === "udp" && port === dhcpServer)
    return given && family === "ipv4";
  if (protocol === "udp" && port === dhcpv6Server)
    return given && family === "ipv6";
  if (!addresses.includes(address)) return false;
  if (protocol === "icmp") return true;
  if (port === dns) return given;
  const isAdministration = administration.includes(port ?? 0);
  return isAdministration && protocol === "tcp" && network.name === management;
}
