import type { Line, Wan } from "../manifest";
import { healthOf } from "./health";
import {
  confinement,
  ipv6Of as ipv6Name,
  memberName,
  networkRule,
  networkRule6,
  uciName,
} from "./names";
import {
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
 * routing table. Rules stand so that nobody confined meets another rule first,
 * and what takes the rest comes last.
 */
export function deriveMwan3(site: RoutedSite): Section[] {
  const members = new Map<string, Section>();
  const policies = derivePolicies(site, members);
  return [
    section("globals", "globals", { mmx_mask: "0x3F00", logging: false }),
    ...interfaces(site),
    ...members.values(),
    ...policies,
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

function derivePolicies(
  site: RoutedSite,
  members: Map<string, Section>,
): Section[] {
  const { lines, policies } = site.wan;
  const ipv6 = ipv6Of(site) !== undefined;
  /** Members are shared by the policies that want the same. */
  const use = (line: Line, metric: number, weight: number): string[] =>
    (ipv6 ? [line.interface, ipv6Name(line.interface)] : [line.interface]).map(
      (name) => {
        const member = memberName(name, metric, weight);
        members.set(
          member,
          section("member", member, { interface: name, metric, weight }),
        );
        return member;
      },
    );
  const named = policies.map(({ name, lines: chosen, lastResort }) =>
    section("policy", uciName(name), {
      use_member: chosen.flatMap(({ line: wanted, metric, weight }) => {
        const line = lines.find((item) => item.name === wanted);
        return line ? use(line, metric ?? 1, weight ?? line.weight) : [];
      }),
      last_resort: lastResort,
    }),
  );
  const confined = new Set(site.networks.flatMap(only));
  return [
    ...named,
    ...lines
      .filter(({ name }) => confined.has(name))
      .map((line) =>
        section("policy", confinement(line.interface), {
          use_member: use(line, 1, line.weight),
          last_resort: "unreachable",
        }),
      ),
  ];
}

function only({ wan }: { wan?: Leg["wan"] }): string[] {
  return typeof wan === "object" ? [wan.only] : [];
}

function rules(site: RoutedSite): Section[] {
  const { wan } = site;
  const own = legs(site).filter((leg) => leg.wan !== undefined);
  const confined = (leg: Leg) => typeof leg.wan === "object";
  const [first, last] = [wan.rules.slice(0, -1), wan.rules.slice(-1)];
  return [
    ...own.filter(confined).flatMap((leg) => networkRules(site, leg)),
    ...first.flatMap((rule) => manifestRule(site, rule)),
    ...own
      .filter((leg) => !confined(leg))
      .flatMap((leg) => networkRules(site, leg)),
    ...last.flatMap((rule) => manifestRule(site, rule)),
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
  const { name, from, to, protocol, ports, policy, sticky } = rule;
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
      dest_ip: family === "ipv6" ? "::/0" : (to ?? "0.0.0.0/0"),
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
