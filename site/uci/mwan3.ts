import type { Line, Wan } from "../manifest";
import { healthOf } from "./health";
import {
  confinement,
  ipv6Of as ipv6Name,
  memberName,
  memberName6,
  networkRule,
  networkRule6,
  uciName,
} from "./names";
import {
  everywhere,
  type Ipv6,
  ipv6Network,
  ipv6Of,
  type Leg,
  legs,
  type RoutedSite,
} from "./routed";
import { type OptionValue, type Section, section } from "./section";

/**
 * Interfaces stand in the order of the lines: their place is their mark and
 * routing table. What networks say of all their traffic stands before the rules,
 * of which the last takes the rest.
 */
export function deriveMwan3(site: RoutedSite): Section[] {
  const policies = policiesOf(site);
  // Members are shared by the policies that want the same.
  const members = new Map(
    policies.flatMap(({ members }) =>
      members.map(({ name, ...options }) => [name, options] as const),
    ),
  );
  return [
    section("globals", "globals", { mmx_mask: "0x3F00", logging: false }),
    ...interfaces(site),
    ...[...members].map(([name, options]) => section("member", name, options)),
    ...policies.map(({ name, members, lastResort }) =>
      section("policy", name, {
        use_member: members.map((member) => member.name),
        last_resort: lastResort,
      }),
    ),
    ...rules(site),
  ];
}

function interfaces(site: RoutedSite): Section[] {
  const ipv6 = ipv6Of(site);
  const watched = (line: Line) => {
    const health = healthOf(site, line);
    return {
      enabled: true,
      initial_state: "online",
      track_method: "ping",
      reliability: health.reliability,
      count: health.count,
      timeout: health.timeout / 1_000,
      interval: health.interval / 1_000,
      failure_interval: health.failureInterval / 1_000,
      recovery_interval: health.recoveryInterval / 1_000,
      down: health.down,
      up: health.up,
    };
  };
  return [
    ...site.wan.lines.map((line) =>
      section("interface", line.interface, {
        family: "ipv4",
        track_ip: [...healthOf(site, line).targets],
        ...watched(line),
      }),
    ),
    ...(ipv6 ? site.wan.lines : []).map((line) =>
      section("interface", ipv6Name(line.interface), {
        family: "ipv6",
        track_ip: [...(ipv6?.targets ?? [])],
        ...watched(line),
      }),
    ),
  ];
}

export interface Member {
  name: string;
  interface: string;
  metric: number;
  weight: number;
}

/** Those of the manifest, and one for each line that somebody is confined to. */
export function policiesOf(site: RoutedSite) {
  const { lines, policies } = site.wan;
  const ipv6 = ipv6Of(site) !== undefined;
  const members = (line: Line, metric = 1, weight = line.weight): Member[] => {
    const { interface: name } = line;
    const own = { metric, weight };
    return [
      { name: memberName(name, metric, weight), interface: name, ...own },
      ...(ipv6
        ? [
            {
              name: memberName6(name, metric, weight),
              interface: ipv6Name(name),
              ...own,
            },
          ]
        : []),
    ];
  };
  const confined = new Set(site.networks.flatMap(only));
  return [
    ...policies.map(({ name, lines: chosen, lastResort }) => ({
      name: uciName(name),
      lastResort,
      members: chosen.flatMap(({ line: wanted, metric, weight }) =>
        lines
          .filter(({ name }) => name === wanted)
          .flatMap((line) => members(line, metric, weight)),
      ),
    })),
    ...lines
      .filter(({ name }) => confined.has(name))
      .map((line) => ({
        name: confinement(line.interface),
        lastResort: "unreachable",
        members: members(line),
      })),
  ];
}

function only({ wan }: { wan?: Leg["wan"] }): string[] {
  return typeof wan === "object" ? [wan.only] : [];
}

function rules(site: RoutedSite): Section[] {
  return [
    ...legs(site)
      .filter(({ wan }) => wan !== undefined)
      .flatMap((leg) => networkRules(site, leg)),
    ...site.wan.rules.flatMap((rule) => manifestRule(site, rule)),
  ];
}

function networkRules(site: RoutedSite, leg: Leg): Section[] {
  const { lines } = site.wan;
  const [line] = only(leg);
  const confinedTo = lines.find(({ name }) => name === line);
  const policy = confinedTo
    ? confinement(confinedTo.interface)
    : uciName(String(leg.wan));
  const names = [networkRule(leg.name), networkRule6(leg.name)] as const;
  return families(site, names, leg, undefined, { use_policy: policy });
}

function manifestRule(site: RoutedSite, rule: Wan["rules"][number]): Section[] {
  const { name, from, protocol, ports, policy, sticky } = rule;
  const to = rule.to === everywhere ? undefined : rule.to;
  const source = legs(site).find((leg) => leg.name === from);
  const names = [uciName(name), ipv6Name(uciName(name))] as const;
  return families(site, names, source, to, {
    proto: protocol === "any" ? "all" : protocol,
    // iptables' multiport writes a range with a colon.
    dest_port: ports?.map((port) => `${port}`.replace("-", ":")).join(","),
    sticky,
    use_policy: uciName(policy),
  });
}

/** The rule for IPv6 first: nothing may stand behind the one that takes the rest. */
function families(
  site: RoutedSite,
  [name, name6]: readonly [string, string],
  from: Leg | undefined,
  to: string | undefined,
  options: Record<string, OptionValue | undefined>,
): Section[] {
  const ipv6: Ipv6 | undefined = ipv6Of(site);
  const rule = (suffixed: string, family: string, source?: string) =>
    section("rule", suffixed, {
      family,
      src_ip: source,
      dest_ip: family === "ipv6" ? "::/0" : (to ?? everywhere),
      ...options,
      proto:
        family === "ipv6" && options.proto === "icmp"
          ? "ipv6-icmp"
          : options.proto,
    });
  return [
    ...(ipv6 && to === undefined
      ? [rule(name6, "ipv6", from && ipv6Network(ipv6, from))]
      : []),
    rule(name, "ipv4", from?.cidr),
  ];
}
