import { BlockList, isIP } from "node:net";
import type { UciFile, UciSection } from "./uci/file";

/** Options that fw4 knows, of each type of section (firewall4, fw4.uc). */
const rule =
  "enabled name family src dest device direction proto src_ip src_mac src_port dest_ip dest_port icmp_type ipset helper limit limit_burst utc_time start_date stop_date start_time stop_time weekdays monthdays mark set_mark set_xmark set_dscp set_helper dscp counter log log_limit target";
const known: Record<string, string> = {
  defaults:
    "input output forward drop_invalid reject_code syn_flood synflood_protect synflood_rate synflood_burst tcp_syncookies tcp_ecn tcp_window_scaling accept_redirects accept_source_route auto_helper auto_includes custom_chains disable_ipv6 flow_offloading flow_offloading_hw",
  zone: "enabled name family network device subnet input output forward masq masq_allow_invalid masq_src masq_dest masq6 extra extra_src extra_dest mtu_fix custom_chains log log_limit auto_helper helper counter",
  forwarding: "enabled name family src dest",
  rule,
  redirect: `${rule} src_dip src_dport reflection reflection_src reflection_zone`,
  ipset:
    "enabled reload_set counters comment name family storage match iprange hashsize maxelem netmask external timeout entry loadfile",
  include: "enabled path reload type fw4_compatible position chain family",
};
const targets = /^(ACCEPT|REJECT|DROP|NOTRACK|HELPER|MARK|DSCP|DNAT|SNAT)$/;

/** The "[!]" lines that fw4 prints, and exits with 0 all the same. */
export function fw4Warnings(file: UciFile): string[] {
  return file.flatMap((section, index) => {
    const where = `[!] Section ${section.anonymous ? `@${section.type}[${index}]` : section.name}`;
    const options = known[section.type]?.split(" ");
    if (options === undefined) return [];
    const unknown = [...section.options.keys()]
      .filter((key) => !options.includes(key))
      // The rule stays, and matches more than was meant.
      .map((key) => `${where} option '${key}' is not supported by fw4`);
    return [...unknown, ...badValue(section).map((why) => `${where} ${why}`)];
  });
}

function badValue({ options }: UciSection): string[] {
  const target = options.get("target");
  return target === undefined || targets.test(String(target))
    ? []
    : [`specifies invalid target '${target}', ignoring section`];
}

/** Whether a new connection from the management network reaches a port at the router's address there. */
export function letsIn(
  file: UciFile,
  networkInterface: string,
  address: string,
  port: number,
): boolean {
  const zone = file.find(
    ({ type, options }) =>
      type === "zone" &&
      [options.get("network") ?? []].flat().includes(networkInterface),
  );
  const defaults = file.find(({ type }) => type === "defaults");
  const name = String(zone?.options.get("name") ?? "");
  for (const section of file.filter(({ type }) => type === "rule")) {
    if (section.options.get("enabled") === "0") continue;
    if (zone && covers(section, name, address, port))
      return section.options.get("target") === "ACCEPT";
  }
  const policy = zone?.options.get("input") ?? defaults?.options.get("input");
  return policy === "ACCEPT";
}

function covers(
  { options }: UciSection,
  zone: string,
  address: string,
  port: number,
): boolean {
  const items = (key: string) =>
    [options.get(key) ?? []].flat().flatMap((text) => text.split(" "));
  const ports = items("dest_port");
  const protocols = items("proto");
  const addresses = items("dest_ip");
  const src = options.get("src");
  return (
    (src === zone || src === "*") &&
    options.get("dest") === undefined &&
    options.get("family") !== "ipv6" &&
    items("src_ip").length === 0 &&
    (addresses.length === 0 ||
      addresses.some((network) => holds(network, address))) &&
    (protocols.length === 0 ||
      protocols.some((name) => /^(tcp|all|any)$/.test(name))) &&
    (ports.length === 0 || ports.some((range) => within(range, port)))
  );
}

function holds(network: string, address: string): boolean {
  const [first = "", length = "32"] = network.split("/");
  if (isIP(first) !== 4) return false;
  const list = new BlockList();
  list.addSubnet(first, Number(length), "ipv4");
  return list.check(address, "ipv4");
}

function within(range: string, port: number): boolean {
  const [from = 0, to = from] = range.split("-").map(Number);
  return from <= port && port <= to;
}
