import type { NodeSpec } from "./spec";
import { unifiedDiff } from "./unified-diff";

/** One interface as PVE reads it from /etc/network/interfaces (pve-common INotify.pm). */
export interface Interface {
  type: string;
  families: string[];
  [option: string]: string | number | string[] | undefined;
}

export type Interfaces = Record<string, Interface>;

export interface Network {
  /** The names of the cards in the machine. */
  cards: string[];
  /** /etc/network/interfaces */
  file: Interfaces;
  /** /etc/network/interfaces.new */
  staged?: Interfaces;
  /** What the kernel has. */
  live: Interfaces;
  /** Configured, but without a carrier. */
  down: string[];
  /** The last with which the management address could be reached. */
  reachable: { file: Interfaces; live: Interfaces };
}

/**
 * A bridge for each of the spec's, the first with the address that the node
 * listens on. A known network only gets what is new in the spec.
 */
export function initialNetwork(
  spec: NodeSpec,
  known?: Pick<NodeSpec, "listen" | "ports"> & { network: Network },
): Network {
  const { bridges, listen, ports = {}, nics = [] } = spec;
  const portsOf = (name: string, at: number) => ports[name] ?? [`eno${at + 1}`];
  const members = bridges.flatMap(portsOf);
  const spare = ["eno1", "eno2", "eno3", "eno4"];
  const cards = [...new Set([...members, ...nics, ...spare])].sort();
  const manual = { families: ["inet"], method: "manual", method6: "manual" };
  const file: Interfaces = {};
  for (const card of cards) file[card] = { type: "eth", ...manual };
  for (const [at, name] of bridges.entries()) {
    const address = at === 0 ? { address: listen.host, netmask: "24" } : {};
    const gateway = listen.host.replace(/\d+$/, "254");
    file[name] = reread({
      type: "bridge",
      ...manual,
      ...address,
      ...(at === 0 ? { method: "static", gateway } : {}),
      autostart: 1,
      bridge_ports: portsOf(name, at).join(" "),
      bridge_vlan_aware: 1,
    });
  }
  if (known) {
    const isNew = (name: string) =>
      spec.bridges.includes(name) && known.ports && !known.ports[name];
    const added = Object.fromEntries(
      Object.entries(file).filter(([name]) => isNew(name)),
    );
    const network = readdressed(known, listen.host);
    network.cards = [...new Set([...network.cards, ...cards])].sort();
    network.file = { ...added, ...network.file };
    network.live = { ...added, ...network.live };
    return network;
  }
  const reachable = { file, live: file };
  return { cards, file, live: file, down: [], reachable };
}

/** The building has moved to other addresses since, its configuration with it. */
function readdressed(
  { network, listen }: Pick<NodeSpec, "listen"> & { network: Network },
  host: string,
): Network {
  if (listen.host === host) return network;
  const gateway = (address: string) => address.replace(/\d+$/, "254");
  const text = JSON.stringify(network)
    .replaceAll(`"${listen.host}"`, `"${host}"`)
    .replaceAll(`"${listen.host}/`, `"${host}/`)
    .replaceAll(`"${gateway(listen.host)}"`, `"${gateway(host)}"`);
  return JSON.parse(text) as Network;
}

/** What PVE shows: the staged file where there is one. */
export function shown({ cards, file, staged }: Network): Interfaces {
  const found = structuredClone(staged ?? file);
  for (const card of cards) {
    found[card] ??= {
      type: "eth",
      families: ["inet"],
      method: "manual",
      method6: "manual",
    };
  }
  return found;
}

export function listed(network: Network, name: string, item: Interface) {
  const { address, address6, netmask, netmask6 } = item;
  return {
    iface: name,
    ...item,
    ...(address ? { cidr: `${address}/${netmask}` } : {}),
    ...(address6 ? { cidr6: `${address6}/${netmask6}` } : {}),
    ...(isUp(network, name) ? { active: 1 } : {}),
    ...(network.cards.includes(name) ? { exists: 1 } : {}),
    priority: Object.keys(network.file).indexOf(name) + 3,
  };
}

/** `diff` of the file and what is staged beside it. */
export function changes({ file, staged }: Network): string {
  const diff = staged && unifiedDiff(print(file), print(staged));
  return diff
    ? `--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n${diff}`
    : "";
}

/** What ifreload makes of the file: what starts by itself, and what that needs. */
export function reload(network: Network): void {
  const { file, live } = network;
  const wanted = new Set(
    Object.keys(file).filter((name) => file[name]?.autostart || live[name]),
  );
  for (const name of wanted) {
    const item = file[name];
    const needed = `${item?.bridge_ports ?? ""} ${item?.slaves ?? ""}`;
    for (const member of needed.split(" ")) {
      if (file[member]) wanted.add(member);
    }
  }
  network.live = Object.fromEntries(
    Object.entries(file).filter(([name]) => wanted.has(name)),
  );
}

export function liveBridges(network: Network): string[] {
  return Object.keys(network.live).filter(
    (name) => network.live[name]?.type === "bridge" && isUp(network, name),
  );
}

export function isUp({ live, down }: Network, name: string): boolean {
  return live[name] !== undefined && !down.includes(name);
}

/**
 * Whether a packet from behind the default gateway gets to the management
 * address and back.
 */
export function isReachable(network: Network, address: string): boolean {
  const { live, reachable } = network;
  const holder = Object.keys(live).find(
    (name) => live[name]?.address === address,
  );
  const had = Object.values(reachable.live).some(({ gateway }) => gateway);
  const has = Object.values(live).some(({ gateway }) => gateway);
  return holder !== undefined && has === had && hasPath(network, holder);
}

function hasPath(network: Network, name: string, tag?: number): boolean {
  const item = network.live[name];
  if (item === undefined || !isUp(network, name)) return false;
  if (item.type === "vlan") {
    const { "vlan-raw-device": below, "vlan-id": id } = item;
    return hasPath(network, String(below), Number(id));
  }
  const aware = item.bridge_vlan_aware === 1;
  if (tag && aware && !hasVlan(String(item.bridge_vids), tag)) return false;
  const members = item.bridge_ports ?? item.slaves;
  if (members === undefined) return network.cards.includes(name);
  return String(members)
    .split(" ")
    .some((member) => hasPath(network, member));
}

function hasVlan(vids: string, tag: number): boolean {
  return vids.split(" ").some((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return tag >= from && tag <= to;
  });
}

/** As somebody does it at the console. */
export function recoverNetwork(network: Network): void {
  Object.assign(network, structuredClone(network.reachable));
  network.staged = undefined;
  network.down = [];
}

const hashModes = /^(balance-xor|802\.3ad)$/;

/** What is left of an interface that was written and is read again. */
export function reread(item: Interface): Interface {
  const kept: Interface = { ...item };
  for (const [family, suffix] of [
    ["inet", ""],
    ["inet6", "6"],
  ] as const) {
    if (item.families.includes(family)) continue;
    for (const key of ["address", "netmask", "gateway"])
      delete kept[`${key}${suffix}`];
  }
  if (item.type === "bridge") {
    kept.bridge_ports = members(item.bridge_ports);
    kept.bridge_stp ??= "off";
    kept.bridge_fd ??= "0";
    // Its mere presence turns it on.
    const aware = item.bridge_vlan_aware !== undefined;
    kept.bridge_vlan_aware = aware ? 1 : undefined;
    kept.bridge_vids = aware ? (item.bridge_vids ?? "2-4094") : undefined;
  } else if (item.type === "bond") {
    kept.slaves = members(item.slaves);
    kept.bond_mode ??= "balance-rr";
    kept.bond_miimon ??= "100";
    if (!hashModes.test(String(kept.bond_mode)))
      delete kept.bond_xmit_hash_policy;
    if (kept.bond_mode !== "active-backup") delete kept["bond-primary"];
  }
  const comments = `${item.comments ?? ""}${item.comments6 ?? ""}`;
  delete kept.comments6;
  const lines = comments.replace(/\n+$/, "").split("\n");
  kept.comments = comments
    ? lines.map((line) => `${line.trimEnd()}\n`).join("")
    : undefined;
  if (!kept.autostart) delete kept.autostart;
  if (kept.mtu === "") delete kept.mtu;
  return JSON.parse(JSON.stringify(kept)) as Interface;
}

function members(text: unknown): string {
  const names = String(text ?? "").split(/[;,\s]+/);
  return [...new Set(names.filter((name) => name && name !== "none"))]
    .sort()
    .join(" ");
}

const typeOrder = ["eth", "bond", "bridge", "vlan"];
const addressed = /^(address|netmask|gateway)6?$/;
/** What is not written, or not under its own name. */
const unwritten =
  /^(type|families|method6?|autostart|comments|bridge_.*|slaves|bond_.*|bond-primary)$/;

function print(interfaces: Interfaces): string {
  const names = Object.keys(interfaces).sort((left, right) => {
    const order = (name: string) =>
      typeOrder.indexOf(interfaces[name]?.type ?? "");
    return order(left) - order(right) || left.localeCompare(right);
  });
  const blocks = names.map((name) => stanza(name, interfaces[name]));
  return `auto lo\niface lo inet loopback\n\n${blocks.join("")}`;
}

function stanza(name: string, item: Interface | undefined): string {
  if (item === undefined) return "";
  const lines = item.autostart ? [`auto ${name}`] : [];
  for (const [at, family] of item.families.entries()) {
    const suffix = family === "inet6" ? "6" : "";
    lines.push(`iface ${name} ${family} ${item[`method${suffix}`]}`);
    const address = item[`address${suffix}`];
    if (address) lines.push(`\taddress ${address}/${item[`netmask${suffix}`]}`);
    const gateway = item[`gateway${suffix}`];
    if (gateway) lines.push(`\tgateway ${gateway}`);
    if (at === 0) lines.push(...optionLines(item));
    lines.push("");
  }
  return `${lines.join("\n")}\n`;
}

function optionLines(item: Interface): string[] {
  const lines: string[] = [];
  const add = (key: string, value: unknown) => lines.push(`\t${key} ${value}`);
  if (item.type === "bridge") {
    add("bridge-ports", item.bridge_ports || "none");
    add("bridge-stp", item.bridge_stp);
    add("bridge-fd", item.bridge_fd);
    if (item.bridge_vlan_aware) {
      add("bridge-vlan-aware", "yes");
      add("bridge-vids", item.bridge_vids);
    }
  } else if (item.type === "bond") {
    add("bond-slaves", item.slaves || "none");
    add("bond-miimon", item.bond_miimon);
    add("bond-mode", item.bond_mode);
    const { bond_xmit_hash_policy: policy, "bond-primary": primary } = item;
    if (policy) add("bond-xmit-hash-policy", policy);
    if (primary) add("bond-primary", primary);
  }
  for (const key of Object.keys(item).sort()) {
    if (unwritten.test(key) || addressed.test(key) || !item[key]) continue;
    add(key, item[key]);
  }
  const comments = String(item.comments ?? "").replace(/\n$/, "");
  if (comments) lines.push(...comments.split("\n").map((line) => `#${line}`));
  return lines;
}
