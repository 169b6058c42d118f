import {
  deriveRouter,
  type RoutedSite,
  type RouterConfiguration,
} from "../uci";
import { zoneName } from "../uci/names";
import { legs, routerAddresses } from "../uci/routed";
import {
  type Family,
  Firewall,
  type Flow,
  familyOf,
  type Protocol,
  protocols,
} from "./evaluate";
import { intended } from "./intent";
import { lineDifferences, zoneDifferences } from "./lines";

/** Ports of the router itself, and some that nobody speaks of. */
const always = [1, 22, 53, 67, 68, 80, 443, 546, 547, 8_080, 65_535];
const families: Family[] = ["ipv4", "ipv6"];

/** Zone by zone, each protocol and port that the manifest names or the router has. */
export function* flowsOf(site: RoutedSite): Generator<Flow> {
  const inside = legs(site).map(({ name }) => zoneName(name));
  const zones = [
    ...inside,
    ...site.wan.lines.map((line) => zoneName(line.interface)),
  ];
  const addresses = legs(site).flatMap((leg) => routerAddresses(site, leg));
  const ports = portsOf(site);
  for (const from of zones) {
    for (const family of families) {
      const targets = [
        ...zones.map((zone) => ({ zone })),
        ...addresses
          .filter((address) => familyOf(address) === family)
          .map((address) => ({ address })),
      ];
      for (const to of targets) {
        for (const protocol of protocols) {
          if (protocol === "tcp" || protocol === "udp")
            for (const port of ports)
              yield { from, to, family, protocol, port };
          else yield { from, to, family, protocol };
        }
      }
    }
  }
}

function portsOf({ networks }: RoutedSite): number[] {
  const named = networks
    .flatMap(({ allow = [] }) => allow.flatMap(({ ports = [] }) => ports))
    .flatMap((range) => String(range).split("-").map(Number))
    .flatMap((port) => [port - 1, port, port + 1]);
  return [...new Set([...always, ...named])].filter(
    (port) => port > 0 && port < 65_536,
  );
}

/**
 * Where the derived files do not do what the manifest says: flow by flow, the
 * lines that mwan3 takes, and the devices of the zones.
 */
export function differences(
  site: RoutedSite,
  files: Pick<
    RouterConfiguration,
    "network" | "firewall" | "mwan3"
  > = deriveRouter(site),
): string[] {
  const firewall = new Firewall(files.firewall);
  return [
    ...zoneDifferences(site, files.network, files.firewall),
    ...lineDifferences(site, firewall, files),
    ...[...flowsOf(site)].flatMap((flow) => {
      const [is, should] = [firewall.passes(flow), intended(site, flow)];
      if (is === should) return [];
      return [
        is
          ? `${told(flow)} passes, and should not`
          : `${told(flow)} is refused, and should not be`,
      ];
    }),
  ];
}

function told({ from, to, family, protocol, port }: Flow): string {
  const where = "zone" in to ? to.zone : `the router's ${to.address}`;
  return `${family} ${protocol}${port ? ` ${port}` : ""} from ${from} to ${where}`;
}

/** Who may reach what: a row for each zone, a column for each other one, the router and the lines. */
export function matrixTable(site: RoutedSite): string {
  const firewall = new Firewall(deriveRouter(site).firewall);
  const inside = legs(site).map(({ name }) => zoneName(name));
  const lines = site.wan.lines.map((line) => zoneName(line.interface));
  const zones = [...inside, ...lines];
  const cells = zones.map((from) => [
    from,
    ...zones.map((zone) =>
      zone === from ? "" : summary(site, firewall, from, { zone }),
    ),
    routerCell(site, firewall, from),
  ]);
  const rows = [["from \\ to", ...zones, "router"], ...cells];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function routerCell(
  site: RoutedSite,
  firewall: Firewall,
  from: string,
): string {
  const cells = legs(site)
    .flatMap((leg) => routerAddresses(site, leg))
    .filter((address) => familyOf(address) === "ipv4")
    .map((address) => summary(site, firewall, from, { address }));
  const most = cells.sort((left, right) => right.length - left.length)[0];
  return most ?? "-";
}

function summary(
  site: RoutedSite,
  firewall: Firewall,
  from: string,
  to: Flow["to"],
): string {
  const open = (protocol: Protocol, port?: number) =>
    firewall.passes({ from, to, family: "ipv4", protocol, port });
  const ports = portsOf(site);
  const of = (protocol: Protocol) =>
    ports.filter((port) => open(protocol, port));
  const [tcp, udp] = [of("tcp"), of("udp")];
  if (tcp.length === ports.length && udp.length === ports.length)
    return open("icmp") ? "all" : "tcp udp";
  const parts = [
    ...(tcp.length > 0
      ? [
          tcp.length === ports.length
            ? "tcp"
            : `tcp ${tcp.sort((a, b) => a - b).join(",")}`,
        ]
      : []),
    ...(udp.length > 0
      ? [
          udp.length === ports.length
            ? "udp"
            : `udp ${udp.sort((a, b) => a - b).join(",")}`,
        ]
      : []),
    ...(open("icmp") ? ["ping"] : []),
  ];
  return parts.join(" ") || "-";
}
