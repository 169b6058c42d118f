import ipaddr from "ipaddr.js";
import type { Section } from "../uci";
import { isWithin, type PortRange, portRange } from "./ports";

/** GRE stands for all that have no ports and are not ICMP. */
export const protocols = ["tcp", "udp", "icmp", "gre"] as const;
export type Protocol = (typeof protocols)[number];
export type Family = "ipv4" | "ipv6";

/** A first packet from a zone, through the router or to one of its own addresses. */
export interface Flow {
  from: string;
  to: { zone: string } | { address: string };
  family: Family;
  protocol: Protocol;
  /** Of the destination, with TCP and UDP. */
  port?: number;
  /** Up to which all that are from `port` on meet the same. */
  lastPort?: number;
}

interface PreparedRule {
  accepts: boolean;
  family: unknown;
  protocols: Set<string>;
  addresses: string[];
  ports: PortRange[];
}

const toRouter = "";

/**
 * What firewall4 does with a first packet, for the part of its language that
 * is derived here: rules in their order, then forwardings, then the zone's own
 * policy.
 */
export class Firewall {
  /** By zones from and to, in the order of the file. */
  readonly #rules = new Map<string, PreparedRule[]>();
  readonly #forwardings = new Map<string, unknown[]>();
  readonly #zones = new Map<string, Section["options"]>();
  readonly #forwards: boolean;

  constructor(firewall: readonly Section[]) {
    for (const section of firewall) refuseUnknown(section);
    const of = (type: string) => firewall.filter((item) => item.type === type);
    for (const { options } of of("zone"))
      this.#zones.set(String(options.name), options);
    for (const { options } of of("rule")) this.#add(options);
    for (const { options } of of("forwarding"))
      grow(this.#forwardings, pair(options.src, options.dest), options.family);
    this.#forwards = of("defaults")[0]?.options.forward === "ACCEPT";
  }

  passes({ from, to, family, protocol, port }: Flow): boolean {
    const zone = "zone" in to ? to.zone : toRouter;
    const rule = this.#rules.get(pair(from, zone))?.find(
      (item) =>
        isOfFamily(item.family, family) &&
        (item.addresses.length === 0 ||
          ("address" in to && item.addresses.includes(to.address))) &&
        // With "all" fw4 drops the ports, and the rule takes everything.
        (item.protocols.has("all") ||
          (item.protocols.has(protocol) &&
            (port === undefined ||
              item.ports.length === 0 ||
              isWithin(item.ports, port)))),
    );
    if (rule) return rule.accepts;
    const options = this.#zones.get(from);
    if ("address" in to) return options?.input === "ACCEPT";
    if (to.zone === from) return options?.forward === "ACCEPT";
    const families = this.#forwardings.get(pair(from, to.zone)) ?? [];
    return this.#forwards || families.some((item) => isOfFamily(item, family));
  }

  /** Those that any rule names. */
  get ports(): PortRange[] {
    return [...this.#rules.values()].flat().flatMap(({ ports }) => ports);
  }

  /** Whether anything at all that begins in `from` may leave through `to`. */
  opens(from: string, to: string, family: Family): boolean {
    const rules = this.#rules.get(pair(from, to)) ?? [];
    return (
      this.#forwards ||
      rules.some((rule) => rule.accepts && isOfFamily(rule.family, family)) ||
      (this.#forwardings.get(pair(from, to)) ?? []).some((item) =>
        isOfFamily(item, family),
      )
    );
  }

  #add(options: Section["options"]): void {
    const items = (key: string) => [options[key] ?? []].flat().map(String);
    // src_ip and src_port refuse nobody: a stranger chooses his own.
    const types = items("icmp_type");
    if (types.length > 0 && !types.includes("echo-request")) return;
    grow(this.#rules, pair(options.src, options.dest ?? toRouter), {
      accepts: options.target === "ACCEPT",
      family: options.family,
      // Without one fw4 takes both.
      protocols: new Set(options.proto ? items("proto") : ["tcp", "udp"]),
      addresses: items("dest_ip"),
      ports: items("dest_port").map(portRange),
    });
  }
}

/** What a packet's fate hangs on and is worked out here, by type; undefined: whatever it has. */
const understood: Record<string, RegExp | undefined> = {
  defaults: undefined,
  zone: undefined,
  forwarding: /^(src|dest|family)$/,
  rule: /^(name|src|dest|proto|src_ip|src_port|dest_ip|dest_port|icmp_type|family|target)$/,
};

/** A table that passes over what it does not know would be believed. */
function refuseUnknown({ section, type, options }: Section): void {
  const known = understood[type];
  const refused = !(type in understood)
    ? `a ${type}`
    : (Object.keys(options).find((key) => known && !known.test(key)) ??
      [options.src, options.dest].find((zone) => zone === "*") ??
      (options.dest && options.dest_ip ? "dest_ip behind a zone" : undefined));
  if (refused === undefined) return;
  throw new Error(
    `Unable to work out what firewall section "${section}" does: ${refused} is not understood here.`,
  );
}

const pair = (from: unknown, to: unknown) => `${from} > ${to}`;

function grow<T>(map: Map<string, T[]>, key: string, item: T): void {
  map.set(key, [...(map.get(key) ?? []), item]);
}

function isOfFamily(family: unknown, wanted: Family): boolean {
  return family === undefined || family === "any" || family === wanted;
}

export function familyOf(address: string): Family {
  return ipaddr.parse(address).kind();
}
