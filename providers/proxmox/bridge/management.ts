import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  carries,
  type Interface,
  membersOf,
  type Settings,
  settingsOf,
} from "./interfaces";

/** What becomes of an interface; undefined: it goes. */
export type Change = { name: string; type: string; settings?: Settings };

/**
 * Why the changes would cut the way by which the host's API is reached.
 *
 * The way goes by the interface that has the endpoint's address. Where none has
 * it (the host is behind a NAT or a proxy, or another node of its cluster
 * passes the requests on), by those with a default gateway: then answers leave
 * there. Where there is none either, nothing can be told and nothing is refused.
 */
export async function cutsOf(
  endpoint: string,
  found: ReadonlyMap<string, Interface>,
  changes: readonly Change[],
): Promise<string[]> {
  const addresses = await addressesOf(endpoint);
  const all = [...found.values()];
  const holders = all.filter(
    ({ address, address6 }) =>
      addresses.includes(address ?? "") || addresses.includes(address6 ?? ""),
  );
  const ways = holders.length
    ? holders
    : all.filter(({ gateway, gateway6 }) => gateway || gateway6);
  // Also one that stays as it is: what it stands on may not.
  const bridges = all
    .filter(({ type }) => type === "bridge")
    .map(
      (item): Change =>
        changes.find(({ name }) => name === item.iface) ?? {
          name: item.iface,
          type: item.type,
          settings: settingsOf(item),
        },
    );
  return ways.flatMap((way) => [
    ...bridges.flatMap((change) => cuts(found, way, change, changes)),
    ...withoutBridge(found, way, changes),
  ]);
}

async function addressesOf(endpoint: string): Promise<string[]> {
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, "");
  if (isIP(host)) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function cuts(
  found: ReadonlyMap<string, Interface>,
  way: Interface,
  { name, settings: after }: Change,
  changes: readonly Change[],
): string[] {
  const item = found.get(name);
  const vlans = vlansAbove(found, way, name);
  if (item === undefined || vlans === undefined) return [];
  if (after === undefined) return [`it carries ${addressOf(way)} and would go`];
  const before = settingsOf(item);
  const reasons: string[] = [];
  if (way === item) {
    for (const key of ["cidr", "gateway", "cidr6", "gateway6"] as const) {
      if (before[key] !== undefined && before[key] !== after[key])
        reasons.push(`${key} ${before[key]} would be ${after[key] ?? "unset"}`);
    }
  }
  for (const vlan of vlans) {
    if (before.bridge_vlan_aware && !after.bridge_vlan_aware)
      reasons.push(`it would no longer be VLAN-aware under VLAN ${vlan}`);
    else if (after.bridge_vlan_aware && !carries(after, vlan))
      reasons.push(`it would no longer carry VLAN ${vlan}`);
  }
  const members = membersOf(before);
  const kept = membersOf(after).filter(
    (member) =>
      members.includes(member) && staysUp(found, found.get(member), changes),
  );
  if (members.length > 0 && kept.length === 0) {
    reasons.push(
      `none of its members (${members.join(", ")}) would stay as it is`,
    );
  }
  if (before.autostart && !after.autostart)
    reasons.push("it would not come up when the host starts");
  return reasons.map((reason) => `it carries ${addressOf(way)}, and ${reason}`);
}

/** The VLANs between the way's interface and the bridge; undefined: it does not lie on it. */
function vlansAbove(
  found: ReadonlyMap<string, Interface>,
  way: Interface,
  bridge: string,
): number[] | undefined {
  const vlans: number[] = [];
  let item: Interface | undefined = way;
  while (item && item.iface !== bridge) {
    const [, below, vlan] = /^(\S+)\.(\d+)$/.exec(item.iface) ?? [];
    vlans.push(Number(item["vlan-id"] ?? vlan));
    item = found.get(item["vlan-raw-device"] ?? below ?? "");
  }
  return item && vlans;
}

/** Where the way's interface, or what its VLAN lies on, is a card or a bond. */
function withoutBridge(
  found: ReadonlyMap<string, Interface>,
  way: Interface,
  changes: readonly Change[],
): string[] {
  const line: Interface[] = [];
  for (
    let item: Interface | undefined = way;
    item;
    item = rawDevice(found, item)
  )
    line.push(item);
  const takers = line.flatMap(({ iface }) => {
    const taker = takerOf(found, iface, changes);
    return taker
      ? [`"${taker}" would take ${iface}, which carries ${addressOf(way)}`]
      : [];
  });
  const base = line.at(-1);
  if (base?.type !== "bond" || staysUp(found, base, changes)) return takers;
  return [
    ...takers,
    `bond "${base.iface}" carries ${addressOf(way)}, and would go, change its mode or keep none of its slaves`,
  ];
}

function rawDevice(
  found: ReadonlyMap<string, Interface>,
  item: Interface,
): Interface | undefined {
  const [, below] = /^(\S+)\.\d+$/.exec(item.iface) ?? [];
  return found.get(item["vlan-raw-device"] ?? below ?? "");
}

/** The bridge or bond of which the interface becomes a member. */
function takerOf(
  found: ReadonlyMap<string, Interface>,
  iface: string,
  changes: readonly Change[],
): string | undefined {
  return changes.find(({ name, settings }) => {
    const item = found.get(name);
    const had = item ? membersOf(settingsOf(item)) : [];
    return (
      settings && membersOf(settings).includes(iface) && !had.includes(iface)
    );
  })?.name;
}

/** A card that nothing else takes does; a bond whose mode stays and that keeps a slave. */
function staysUp(
  found: ReadonlyMap<string, Interface>,
  member: Interface | undefined,
  changes: readonly Change[],
): boolean {
  if (member === undefined) return true;
  if (takerOf(found, member.iface, changes)) return false;
  const below = rawDevice(found, member);
  if (below) return staysUp(found, below, changes);
  if (member.type !== "bond") return true;
  const change = changes.find(({ name }) => name === member.iface);
  const before = settingsOf(member);
  const after = change ? change.settings : before;
  if (after === undefined || before.bond_mode !== after.bond_mode) return false;
  const slaves = membersOf(after);
  return membersOf(before).some(
    (slave) => slaves.includes(slave) && !takerOf(found, slave, changes),
  );
}

function addressOf({ iface, cidr, cidr6 }: Interface): string {
  return `the management address ${cidr ?? cidr6 ?? ""} of "${iface}"`;
}
