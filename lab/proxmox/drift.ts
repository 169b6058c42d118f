import type { Faults } from "./faults";
import { configKeys, stored } from "./guests/config-keys";
import { relocate } from "./migrate-effects";
import { isReachable, liveBridges, reload, reread } from "./network";
import { interfaceOptions } from "./network-parameters";
import type { Check } from "./parameters";
import { definitionsOf, project } from "./storage-definitions";
import { pluginOf } from "./storage-plugins";
import { changeableSettings, isNumber } from "./storage-settings";
import { guestVolumes, release } from "./volumes";
import type { Guest, World } from "./world";

export interface GuestDrift {
  guest: string;
  change: "set" | "unset" | "start" | "stop" | "delete" | "move";
  key?: string;
  value?: string;
}

/** Of a node's interface, or of a storage's definition. */
export interface SettingDrift {
  node: string;
  name: string;
  change: "set" | "unset" | "delete";
  key?: string;
  value?: string;
}

export function drift(
  world: World,
  faults: Faults,
  command: GuestDrift,
): string {
  const { guest: name, change, key = "", value = "" } = command;
  const guest = [...world.guests.values()].find(
    (item) => String(item.vmid) === name || item.config.name === name,
  );
  if (guest === undefined) {
    const names = [...world.guests.values()]
      .map(({ config }) => config.name)
      .join(", ");
    throw new Error(
      `there is no guest "${name}", there are ${names || "none"}`,
    );
  }
  if (change === "delete") remove(world, guest);
  else if (change === "move") move(world, faults, guest, key);
  else if (change === "set" || change === "unset") apply(guest, command);
  else power(guest, change === "start");
  if (change !== "delete") world.save("guests", guest);
  return `guest ${guest.vmid} "${guest.config.name}": ${[change, key, value].filter(Boolean).join(" ")}`;
}

/** As a person removes it: its disks go too. */
function remove(world: World, guest: Guest): void {
  const node = world.nodes.get(guest.node);
  if (node === undefined) return;
  for (const { volid } of guestVolumes(node, guest.vmid)) {
    release(world, node, volid);
  }
  world.remove("guests", guest);
}

function power(guest: Guest, on: boolean): void {
  guest.status = on ? "running" : "stopped";
  guest.startedAt = Date.now();
  guest.paused = undefined;
}

/** As somebody edits its file in /etc/pve/qemu-server. */
function apply(guest: Guest, drift: GuestDrift): void {
  const [key, value] = settingOf(drift, configKeys);
  if (value === undefined) delete guest.config[key];
  else guest.config[key] = stored(key, value);
}

/** To another node of its cluster, as a migration leaves it. */
function move(world: World, faults: Faults, guest: Guest, name: string): void {
  const [from, to] = [nodeOf(world, guest.node), nodeOf(world, name)];
  if (from.cluster !== to.cluster) {
    throw new Error(`${to.name} is not in the cluster of ${from.name}`);
  }
  const { cluster, vmid } = guest;
  relocate(world, faults, { cluster, vmid, target: name, storages: {} });
}

/** As somebody edits /etc/network/interfaces on the node and reloads it. */
export function driftInterface(world: World, drift: SettingDrift): string {
  const node = nodeOf(world, drift.node);
  const { network } = node;
  const item = { ...one("interface", drift.name, network.file) };
  const { [drift.name]: _item, ...others } = network.file;
  const [key, value] = settingOf(drift, interfaceOptions);
  if (key === "cidr" || key === "cidr6") {
    const suffix = key.slice("cidr".length);
    const [address, netmask] = value?.split("/") ?? [];
    item[`address${suffix}`] = address;
    item[`netmask${suffix}`] = netmask;
    item[`method${suffix}`] = value === undefined ? "manual" : "static";
    const family = suffix ? "inet6" : "inet";
    item.families = [...new Set([...item.families, family])];
  } else if (key === "autostart") item.autostart = Number(value ?? 0);
  else item[key] = value;
  network.file =
    drift.change === "delete"
      ? others
      : { ...network.file, [drift.name]: reread(item) };
  reload(network);
  if (isReachable(network, node.listen.host))
    network.reachable = { file: network.file, live: network.live };
  node.bridges = liveBridges(network);
  world.save("nodes", node);
  return `interface ${told(drift)}`;
}

/** As somebody edits /etc/pve/storage.cfg. */
export function driftStorage(world: World, drift: SettingDrift): string {
  const { cluster } = nodeOf(world, drift.node);
  const all = definitionsOf(world, cluster);
  const definition = one("storage", drift.name, all.ids);
  const { optional } = pluginOf(String(definition.type));
  const known = Object.entries(changeableSettings).filter(([key]) =>
    optional.includes(key),
  );
  const [key, value] = settingOf(drift, Object.fromEntries(known));
  if (drift.change === "delete") delete all.ids[drift.name];
  else if (value === undefined) delete definition[key];
  else definition[key] = isNumber(key) ? Number(value) : value;
  world.save("storages", all);
  project(world, cluster);
  return `storage ${told(drift)}`;
}

function one<T>(kind: string, name: string, all: Record<string, T>): T {
  const found = all[name];
  if (found === undefined) {
    throw new Error(
      `there is no ${kind} "${name}", there are ${Object.keys(all).join(", ")}`,
    );
  }
  return found;
}

/** Without a value it is unset; what PVE could not have is refused. */
function settingOf(
  {
    change,
    key = "",
    value = "",
  }: Pick<SettingDrift, "key" | "value"> & {
    change: string;
  },
  known: Record<string, Check>,
): [key: string, value: string | undefined] {
  if (change === "delete") return ["", undefined];
  const check = Object.hasOwn(known, key) ? known[key] : undefined;
  if (check === undefined) {
    throw new Error(
      `there is no setting "${key}", there are ${inShort(known).join(", ")}`,
    );
  }
  if (change === "unset") return [key, undefined];
  const problem = check(value, key)?.trim();
  if (problem) throw new Error(`${key} cannot be "${value}": ${problem}`);
  return [key, value];
}

/** "net[n]" for net0, net1 and so on. */
function inShort(known: Record<string, Check>): string[] {
  const names = Object.keys(known).map((key) => {
    const stem = key.replace(/\d+$/, "");
    return `${stem}1` in known && `${stem}0` in known ? `${stem}[n]` : key;
  });
  return [...new Set(names)].sort();
}

function told({ node, name, change, key, value }: SettingDrift): string {
  const words = [change, key, value].filter(Boolean).join(" ");
  return `${name} of ${node}: ${words}`;
}

export function nodeOf(world: World, name: string) {
  const node = world.nodes.get(name);
  if (node === undefined) {
    throw new Error(
      `there is no node "${name}", there are ${[...world.nodes.keys()].join(", ")}`,
    );
  }
  return node;
}
