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
import { intentOf, portsNamed } from "./intent";
import { lineDifferences, zoneDifferences } from "./lines";
import { parts, toldPorts, toldRange } from "./ports";

const families: Family[] = ["ipv4", "ipv6"];

/** Zone by zone, each protocol, and all ports: those of a part meet the same. */
export function* flowsOf(
  site: RoutedSite,
  firewall = new Firewall(deriveRouter(site).firewall),
): Generator<Flow> {
  const inside = legs(site).map(({ name }) => zoneName(name));
  const zones = [
    ...inside,
    ...site.wan.lines.map((line) => zoneName(line.interface)),
  ];
  const addresses = legs(site).flatMap((leg) => routerAddresses(site, leg));
  const ports = parts([...portsNamed(site), ...firewall.ports]);
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
            for (const [port, lastPort] of ports)
              yield { from, to, family, protocol, port, lastPort };
          else yield { from, to, family, protocol };
        }
      }
    }
  }
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
  const intended = intentOf(site);
  return [
    ...zoneDifferences(site, files.network, files.firewall),
    ...lineDifferences(site, firewall, files),
    ...flowDifferences(flowsOf(site, firewall), firewall, intended),
  ];
}

function flowDifferences(
  flows: Iterable<Flow>,
  firewall: Firewall,
  intended: (flow: Flow) => boolean,
): string[] {
  const wrong: string[] = [];
  for (const flow of flows) {
    const is = firewall.passes(flow);
    if (is === intended(flow)) continue;
    wrong.push(
      is
        ? `${told(flow)} passes, and should not`
        : `${told(flow)} is refused, and should not be`,
    );
  }
  return wrong;
}

function told({ from, to, family, protocol, port, lastPort }: Flow): string {
  const where = "zone" in to ? to.zone : `the router's ${to.address}`;
  const ports = port ? ` ${toldRange([port, lastPort ?? port])}` : "";
  return `${family} ${protocol}${ports} from ${from} to ${where}`;
}

/** Who may reach what: a row for each zone, a column for each other one, the router and the lines. */
export function matrixTable(site: RoutedSite): string {
  if (site.wan.ipv6 === "off") return tableOf(site, "ipv4");
  return `IPv4:\n${tableOf(site, "ipv4")}\n\nIPv6:\n${tableOf(site, "ipv6")}`;
}

function tableOf(site: RoutedSite, family: Family): string {
  const firewall = new Firewall(deriveRouter(site).firewall);
  const inside = legs(site).map(({ name }) => zoneName(name));
  const lines = site.wan.lines.map((line) => zoneName(line.interface));
  const zones = [...inside, ...lines];
  const cells = zones.map((from) => [
    from,
    ...zones.map((zone) =>
      zone === from ? "" : summary(firewall, family, from, { zone }),
    ),
    routerCell(site, firewall, family, from),
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
  family: Family,
  from: string,
): string {
  const cells = legs(site)
    .flatMap((leg) => routerAddresses(site, leg))
    .filter((address) => familyOf(address) === family)
    .map((address) => summary(firewall, family, from, { address }));
  const most = cells.sort((left, right) => right.length - left.length)[0];
  return most ?? "-";
}

function summary(
  firewall: Firewall,
  family: Family,
  from: string,
  to: Flow["to"],
): string {
  const open = (protocol: Protocol, port?: number) =>
    firewall.passes({ from, to, family, protocol, port });
  const all = parts(firewall.ports);
  const [tcp, udp] = (["tcp", "udp"] as const).map((protocol) => {
    const ports = toldPorts(all.filter(([port]) => open(protocol, port)));
    return ports && `${protocol} ${ports}`;
  });
  const told = [tcp, udp, open("icmp") ? "ping" : ""].filter(Boolean);
  const text = told.join(" ") || "-";
  return text === "tcp all udp all ping" && open("gre") ? "all" : text;
}
