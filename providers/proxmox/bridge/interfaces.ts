import { type ProxmoxSession, path } from "../client";

/** An interface as GET /nodes/{node}/network lists it. */
export interface Interface {
  iface: string;
  type: string;
  active?: number | boolean;
  comments?: string;
  address?: string;
  address6?: string;
  "vlan-raw-device"?: string;
  "vlan-id"?: number | string;
  [option: string]: unknown;
}

export interface Interfaces {
  found: Map<string, Interface>;
  /** What is staged, as a diff of /etc/network/interfaces; `found` has it already. */
  changes: string | undefined;
}

export async function readInterfaces(
  session: ProxmoxSession,
  node: string,
): Promise<Interfaces> {
  const list = await session.request<Interface[] & { changes?: string }>(
    "GET",
    path`/nodes/${node}/network`,
  );
  return {
    found: new Map(list.map((item) => [item.iface, item])),
    changes: list.changes,
  };
}

/** What the API can set on a bridge or bond; an absent key is unset. */
export type Settings = Partial<Record<(typeof settable)[number], string>>;

const settable = [
  "autostart",
  "bridge_ports",
  "bridge_vlan_aware",
  "bridge_vids",
  "slaves",
  "bond_mode",
  "bond_xmit_hash_policy",
  "bond-primary",
  "cidr",
  "gateway",
  "cidr6",
  "gateway6",
  "mtu",
  "comments",
] as const;

/** Every VLAN: what PVE writes where a VLAN-aware bridge names none. */
const everyVlan = "2-4094";

/** In one form, so that equal definitions are equal texts. */
export function settingsOf(item: Interface): Settings {
  return canonical(
    Object.fromEntries(
      settable.map((key) => {
        const value = item[key];
        const isFlag = key === "autostart" || key === "bridge_vlan_aware";
        if (isFlag) return [key, Number(value ?? 0) === 1 ? "1" : undefined];
        return [key, value === undefined ? undefined : String(value)];
      }),
    ),
  );
}

export function canonical(settings: Settings): Settings {
  const { bridge_ports, slaves, bridge_vids, comments } = settings;
  const all = {
    ...settings,
    bridge_ports: bridge_ports && formatNames(splitNames(bridge_ports)),
    slaves: slaves && formatNames(splitNames(slaves)),
    bridge_vids: bridge_vids && formatVlanIds(splitNames(bridge_vids)),
    // PVE keeps neither blanks at a line's end nor empty lines at the text's.
    comments: comments?.replace(/[^\S\n]+$/gm, "").trimEnd(),
  };
  if (all.bridge_vids === everyVlan) all.bridge_vids = undefined;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

export function splitNames(text: string | undefined): string[] {
  return (text ?? "").split(/[;,\s]+/).filter(Boolean);
}

export function formatNames(names: readonly string[]): string {
  return [...new Set(names)].sort().join(" ");
}

export function membersOf(settings: Settings): string[] {
  return splitNames(settings.bridge_ports ?? settings.slaves);
}

/** Separated by blanks: PVE writes an update's list into the file as it comes. */
export function formatVlanIds(ids: readonly (number | string)[]): string {
  const sorted = [...vlansOf(ids)].sort((left, right) => left - right);
  const ranges: [number, number][] = [];
  for (const id of sorted) {
    const last = ranges.at(-1);
    if (last && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges
    .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
    .join(" ");
}

export function vlansOf(ids: readonly (number | string)[]): Set<number> {
  const all = new Set<number>();
  for (const id of ids) {
    const [from = 0, to = from] = String(id).split("-").map(Number);
    for (let vlan = from; vlan <= to && vlan <= 4094; vlan++) all.add(vlan);
  }
  return all;
}

/** Whether the bridge carries the VLAN. */
export function carries(settings: Settings, vlan: number): boolean {
  return vlansOf(splitNames(settings.bridge_vids ?? everyVlan)).has(vlan);
}
