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

/** What the manifest says of a flow, without a look at what is derived of it. */
export function intended(site: RoutedSite, flow: Flow): boolean {
  const network = legs(site).find(({ name }) => zoneName(name) === flow.from);
  if (network === undefined) return begins(site, flow);
  if (flow.family === "ipv6" && site.wan.ipv6 === "off") return false;
  return "address" in flow.to
    ? answers(site, network, flow, flow.to.address)
    : allows(site, network, flow, flow.to.zone);
}

/** Nothing begins at a line but what gives the line its own address. */
function begins(
  { wan }: RoutedSite,
  { from, to, family, protocol, port }: Flow,
): boolean {
  const line = wan.lines.find((item) => zoneName(item.interface) === from);
  if (line === undefined || "zone" in to || protocol !== "udp") return false;
  return family === "ipv4"
    ? line.protocol === "dhcp" && port === dhcpClient
    : wan.ipv6 !== "off" && port === dhcpv6Client;
}

function allows(
  site: RoutedSite,
  network: Network,
  { protocol, port, family }: Flow,
  to: string,
): boolean {
  const { name, allow = [] } = network;
  if (to === zoneName(name)) return false;
  const line = site.wan.lines.find((item) => zoneName(item.interface) === to);
  if (line && !mayUse(site, network, line.name, family)) return false;
  return allow.some(
    (item) =>
      (line ? item.to === "internet" : zoneName(item.to) === to) &&
      (item.protocol === "any" || item.protocol === protocol) &&
      (item.ports === undefined ||
        isWithin(
          item.ports.map((range) => portRange(`${range}`)),
          port,
        )),
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
  site: RoutedSite,
  network: Network,
  { protocol, port, family }: Flow,
  address: string,
): boolean {
  const leg = legs(site).find(({ name }) => name === network.name);
  const own = leg !== undefined && routerAddresses(site, leg).includes(address);
  const given = network.dhcp !== undefined;
  // A machine without an address asks everybody.
  if (protocol === "udp" && port === dhcpServer)
    return given && family === "ipv4";
  if (protocol === "udp" && port === dhcpv6Server)
    return given && family === "ipv6";
  if (!own) return false;
  if (protocol === "icmp") return true;
  if (port === dns) return given;
  const isAdministration = administration.includes(port ?? 0);
  return (
    isAdministration &&
    protocol === "tcp" &&
    network.name === site.router.management
  );
}
