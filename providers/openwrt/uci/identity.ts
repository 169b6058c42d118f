import type { Section } from "./section";

type Item = Pick<Section, "type" | "options">;

/** Of these a file has one. */
const single = new Set([
  "network/globals",
  "firewall/defaults",
  "dhcp/dnsmasq",
  "dhcp/odhcpd",
  "mwan3/globals",
]);

const keys: Record<string, readonly string[]> = {
  "network/device": ["name"],
  "network/bridge-vlan": ["device", "vlan"],
  "firewall/zone": ["name"],
  "firewall/forwarding": ["src", "dest"],
  "firewall/rule": ["name"],
  "firewall/redirect": ["name"],
  "firewall/ipset": ["name"],
  "dhcp/dhcp": ["interface"],
  "dhcp/host": ["name"],
  "dhcp/domain": ["name", "ip"],
  "dhcp/cname": ["cname"],
};

/** What a section is about, whatever it is called; undefined: only its name says it. */
export function identity(
  config: string,
  { type, options }: Item,
): string | undefined {
  const kind = `${config}/${type}`;
  if (single.has(kind)) return kind;
  const values = keys[kind]?.map((key) => options[key]);
  if (values === undefined || values.includes(undefined)) return undefined;
  return [kind, ...values.map(String)].join(" ");
}
