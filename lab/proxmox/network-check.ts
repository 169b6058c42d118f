import { die } from "./failure";
import type { Interfaces } from "./network";

/** Refuses what PVE's writer of /etc/network/interfaces refuses (pve-common INotify.pm). */
export function checkInterfaces(interfaces: Interfaces): void {
  checkUse(interfaces);
  for (const [name, item] of Object.entries(interfaces)) {
    if (item.type === "bond") checkBond(interfaces, name);
    if (item.type === "vlan") checkVlan(interfaces, name);
    if (item.type === "bridge") checkBridge(interfaces, name);
  }
}

const split = (text: unknown) =>
  String(text ?? "")
    .split(/[;,\s]+/)
    .filter(Boolean);

function checkUse(interfaces: Interfaces): void {
  const users = new Map<string, string>();
  for (const [name, { bridge_ports, slaves }] of Object.entries(interfaces)) {
    for (const port of [...split(bridge_ports), ...split(slaves)]) {
      const user = users.get(port);
      if (user && user !== name)
        throw die(`port '${port}' is already used on interface '${user}'`);
      users.set(port, name);
    }
  }
}

function checkBond(interfaces: Interfaces, bond: string): void {
  const item = interfaces[bond];
  const primary = item?.["bond-primary"];
  const names = split(item?.slaves);
  for (const slave of names) {
    const item = interfaces[slave];
    if (item === undefined)
      throw die(`bond '${bond}' - unable to find slave '${slave}'`);
    item.autostart = 1;
    if (!/^(eth|bond)$/.test(item.type)) {
      throw die(
        `bond '${bond}' - wrong interface type on slave '${slave}' ('${item.type}' != 'eth or bond')`,
      );
    }
    checkMtu(interfaces, bond, slave);
  }
  if (names.length > 0 && primary && !names.includes(String(primary)))
    throw die(`bond '${bond}' - bond-primary interface is not a slave`);
}

function checkVlan(interfaces: Interfaces, vlan: string): void {
  const item = interfaces[vlan];
  const parent = item?.["vlan-raw-device"];
  if (!parent) throw die("missing vlan-raw-device option");
  if (!item["vlan-id"]) throw die("missing vlan-id option");
  const below = interfaces[String(parent)];
  if (below === undefined)
    throw die(`vlan '${vlan}' - unable to find parent '${parent}'`);
  if (!/^(eth|bridge|bond|vlan)$/.test(below.type)) {
    throw die(
      `vlan '${vlan}' - wrong interface type on parent '${parent}' ('${below.type}' != 'eth|bond|bridge|vlan' )`,
    );
  }
  checkMtu(interfaces, String(parent), vlan);
}

function checkBridge(interfaces: Interfaces, bridge: string): void {
  for (const port of split(interfaces[bridge]?.bridge_ports)) {
    const item = interfaces[port];
    const [, below] = /^(\S+)\.\d+$/.exec(port) ?? [];
    // The VLAN of a card is made as it is named.
    if (item === undefined && below && interfaces[below]) continue;
    if (item === undefined)
      throw die(`bridge '${bridge}' - unable to find bridge port '${port}'`);
    if (item.address || item.address6) {
      throw die(
        `iface ${port} - ip address can't be set on interface if bridged in ${bridge}`,
      );
    }
    checkMtu(interfaces, port, bridge);
  }
}

function checkMtu(interfaces: Interfaces, parent: string, child: string): void {
  const wanted = interfaces[child]?.mtu;
  if (!wanted) return;
  const item = interfaces[parent];
  const has = Number(item?.mtu ?? (item?.type === "bond" ? wanted : 1500));
  if (has < Number(wanted)) {
    throw die(
      `interface '${parent}' - mtu ${has} is lower than '${child}' - mtu ${wanted}`,
    );
  }
}
