import ipaddr from "ipaddr.js";
import type { RoutedSite, RouterConfiguration, Section } from "../uci";
import { uciName, zoneName } from "../uci/names";
import { ipv6Network, ipv6Of, legs } from "../uci/routed";
import type { Family, Firewall } from "./evaluate";

type Options = Section["options"];
type Files = Pick<RouterConfiguration, "network" | "mwan3">;

/**
 * Where mwan3 may send a network what the firewall refuses there, or would
 * never send what the firewall lets through: both come from one manifest.
 */
export function lineDifferences(
  site: RoutedSite,
  firewall: Firewall,
  { network, mwan3 }: Files,
): string[] {
  const ipv6 = ipv6Of(site);
  return legs(site).flatMap((leg) => {
    const from = zoneName(leg.name);
    const sources: [Family, string][] = [
      ["ipv4", leg.cidr],
      ...(ipv6 ? [["ipv6", ipv6Network(ipv6, leg)] as [Family, string]] : []),
    ];
    return sources.flatMap(([family, source]) => {
      const chosen = linesFor(mwan3, network, family, source);
      const open = site.wan.lines
        .map((line) => line.interface)
        .filter((line) => firewall.opens(from, zoneName(line), family));
      // What may not go out at all needs no line.
      if (open.length === 0) return [];
      return [
        ...chosen
          .filter((line) => !open.includes(line))
          .map(
            (line) =>
              `mwan3 sends ${family} from ${from} to ${line}, and the firewall refuses it there`,
          ),
        ...open
          .filter((line) => !chosen.includes(line))
          .map(
            (line) =>
              `the firewall lets ${family} from ${from} out by ${line}, which mwan3 never takes for it`,
          ),
      ];
    });
  });
}

/** All lines that some packet of a source may be given, by the rules in their order. */
function linesFor(
  mwan3: readonly Section[],
  network: readonly Section[],
  family: Family,
  source: string,
): string[] {
  const everywhere = family === "ipv4" ? "0.0.0.0/0" : "::/0";
  const lines = new Set<string>();
  for (const { options } of mwan3.filter(({ type }) => type === "rule")) {
    const {
      src_ip = everywhere,
      dest_ip = everywhere,
      proto = "all",
    } = options;
    if (options.family !== "any" && options.family !== family) continue;
    if (!holds(String(src_ip), source)) continue;
    for (const line of linesOfPolicy(mwan3, network, family, options))
      lines.add(line);
    if (dest_ip === everywhere && proto === "all") break;
  }
  return [...lines];
}

function holds(outer: string, inner: string): boolean {
  const [network, length] = ipaddr.parseCIDR(outer);
  const [address] = ipaddr.parseCIDR(inner);
  return network.kind() === address.kind() && address.match(network, length);
}

function linesOfPolicy(
  mwan3: readonly Section[],
  network: readonly Section[],
  family: Family,
  { use_policy }: Options,
): string[] {
  const find = (type: string, name: unknown) =>
    mwan3.find((item) => item.type === type && item.section === name)?.options;
  const policy = find("policy", use_policy) ?? {};
  const members = [policy.use_member ?? []]
    .flat()
    .map((name) => find("member", name)?.interface);
  const interfaces =
    policy.last_resort === "default"
      ? mwan3
          .filter(({ type }) => type === "interface")
          .map(({ section }) => section)
      : members;
  return interfaces
    .filter((name) => find("interface", name)?.family === family)
    .map((name) => lineOf(network, String(name)));
}

/** The IPv6 of a line stands on the line's own interface, "@wan1". */
function lineOf(network: readonly Section[], name: string): string {
  const device = network.find(
    ({ type, section }) => type === "interface" && section === name,
  )?.options.device;
  const below = String(device ?? "");
  return below.startsWith("@") ? below.slice(1) : name;
}

/** Networks whose zone is not the VLAN that they are: nothing would be as it is told. */
export function zoneDifferences(
  site: RoutedSite,
  network: readonly Section[],
  firewall: readonly Section[],
): string[] {
  const devices = (name: string) =>
    firewall
      .filter(({ type, options }) => type === "zone" && options.name === name)
      .flatMap(({ options }) => [options.network ?? []].flat())
      .map(
        (member) =>
          network.find(
            ({ type, section }) => type === "interface" && section === member,
          )?.options.device,
      );
  const wanted = [
    ...legs(site).map(({ name, vlan }) => ({
      zone: zoneName(name),
      device: `br-lan.${vlan}`,
      what: uciName(name),
    })),
    ...site.wan.lines.map(({ interface: name, port }) => ({
      zone: zoneName(name),
      device: port,
      what: name,
    })),
  ];
  return wanted.flatMap(({ zone, device, what }) => {
    const found = devices(zone).filter((item) => item !== `@${what}`);
    return found.length === 1 && found[0] === device
      ? []
      : [
          `zone ${zone} has ${found.join(", ") || "no device"}, and should have ${device}`,
        ];
  });
}
