import { isIPv4, isIPv6 } from "node:net";
import { boolean, type Check, integer, oneOf, string } from "./parameters";

export const interfaceTypes = [
  "bridge",
  "bond",
  "eth",
  "alias",
  "vlan",
  "fabric",
  "OVSBridge",
  "OVSBond",
  "OVSPort",
  "OVSIntPort",
  "vnet",
];
const name = /^[a-z][a-z0-9_]{1,20}([:.]\d+)?$/i;

export const iface: Check = (value) =>
  name.test(value)
    ? undefined
    : `invalid format - invalid network interface name '${value}'`;
const ifaces: Check = (value) =>
  split(value)
    .map((item) => iface(item))
    .find(Boolean);
const looksLike =
  (test: (value: string) => boolean, what: string): Check =>
  (value) =>
    test(value)
      ? undefined
      : `invalid format - value does not look like a valid ${what}`;
const cidr =
  (isAddress: (text: string) => boolean, longest: number) => (text: string) => {
    const [address = "", prefix = ""] = text.split("/");
    const length = /^\d+$/.test(prefix) ? Number(prefix) : 0;
    return isAddress(address) && length > 7 && length <= longest;
  };

export const interfaceOptions: Record<string, Check> = {
  comments: string,
  comments6: string,
  autostart: boolean,
  bridge_vlan_aware: boolean,
  bridge_vids: string,
  bridge_ports: ifaces,
  ovs_ports: ifaces,
  ovs_tag: integer(1, 4094),
  ovs_options: string,
  ovs_bridge: iface,
  ovs_bonds: ifaces,
  slaves: ifaces,
  bond_mode: oneOf(
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
    "balance-slb",
    "lacp-balance-slb",
    "lacp-balance-tcp",
  ),
  "bond-primary": iface,
  bond_xmit_hash_policy: oneOf("layer2", "layer2+3", "layer3+4"),
  "vlan-raw-device": iface,
  "vlan-id": integer(1, 4094),
  gateway: looksLike(isIPv4, "IPv4 address"),
  netmask: looksLike(isIPv4, "IPv4 netmask"),
  address: looksLike(isIPv4, "IPv4 address"),
  cidr: looksLike(cidr(isIPv4, 32), "IPv4 CIDR network"),
  mtu: integer(1280, 65_520),
  gateway6: looksLike(isIPv6, "IPv6 address"),
  netmask6: integer(0, 128),
  address6: looksLike(isIPv6, "IPv6 address"),
  cidr6: looksLike(cidr(isIPv6, 128), "IPv6 CIDR network"),
};
export const interfaceType = oneOf(...interfaceTypes, "unknown");

export function split(text = ""): string[] {
  return text.split(/[;,\s]+/).filter(Boolean);
}
