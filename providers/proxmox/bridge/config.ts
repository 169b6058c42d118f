import { type Mark, withMark, withoutMark } from "../../dynamic/owner";
import {
  canonical,
  formatNames,
  formatVlanIds,
  type Interface,
  type Settings,
  settingsOf,
  splitNames,
} from "./interfaces";
import type { BondInputs, BridgeInputs } from "./model";

type Bonds = Record<string, BondInputs>;

/** The bridge as it should be: what is not declared, and was not, stays as it stands. */
export function bridgeSettings(
  before: Settings | undefined,
  inputs: BridgeInputs,
  olds: BridgeInputs | undefined,
  mark: Mark | undefined,
): Settings {
  const { vlanIds, autostart, mtu } = inputs;
  const words =
    inputs.comments ??
    (olds?.comments === undefined ? withoutMark(before?.comments) : "");
  const isNew = before === undefined || olds?.autostart !== undefined;
  const starts = autostart ?? (isNew || before.autostart !== undefined);
  const vids = vlanIds && formatVlanIds(vlanIds);
  return canonical({
    ...before,
    autostart: starts ? "1" : undefined,
    bridge_ports: formatNames(inputs.ports),
    bridge_vlan_aware: inputs.vlanAware ? "1" : undefined,
    bridge_vids: inputs.vlanAware
      ? declared(vids, olds?.vlanIds, before?.bridge_vids)
      : undefined,
    mtu: declared(mtu, olds?.mtu, before?.mtu),
    cidr: declared(inputs.address, olds?.address, before?.cidr),
    gateway: declared(inputs.gateway, olds?.gateway, before?.gateway),
    cidr6: declared(inputs.address6, olds?.address6, before?.cidr6),
    gateway6: declared(inputs.gateway6, olds?.gateway6, before?.gateway6),
    comments: mark ? withMark(words, mark) : words,
  });
}

export function bondSettings(
  before: Settings | undefined,
  bond: BondInputs,
  olds: BondInputs | undefined,
  mark: Mark | undefined,
): Settings {
  const words = withoutMark(before?.comments);
  return canonical({
    ...before,
    autostart: "1",
    slaves: formatNames(bond.slaves),
    bond_mode: bond.mode,
    bond_xmit_hash_policy: declared(
      bond.xmitHashPolicy,
      olds?.xmitHashPolicy,
      before?.bond_mode === bond.mode
        ? before.bond_xmit_hash_policy
        : undefined,
    ),
    "bond-primary": declared(
      bond.primary,
      olds?.primary,
      before?.bond_mode === bond.mode ? before["bond-primary"] : undefined,
    ),
    mtu: declared(bond.mtu, olds?.mtu, before?.mtu),
    comments: mark ? withMark(words, mark) : words,
  });
}

/** One that was declared and no longer is becomes unset. */
function declared(
  now: string | number | undefined,
  was: unknown,
  stands: string | undefined,
): string | undefined {
  if (now !== undefined) return String(now);
  return was === undefined ? stands : undefined;
}

/** The inputs as the host has them, in the inputs' own words where they say the same. */
export function bridgeInputs(
  inputs: BridgeInputs,
  item: Interface,
): Partial<BridgeInputs> {
  const now = settingsOf(item);
  const { ports, vlanIds, comments } = inputs;
  const words = withoutMark(now.comments);
  const told = canonical({
    comments,
    bridge_vids: vlanIds && formatVlanIds(vlanIds),
  });
  return {
    vlanAware: now.bridge_vlan_aware === "1",
    ports:
      formatNames(ports) === (now.bridge_ports ?? "")
        ? ports
        : splitNames(now.bridge_ports),
    vlanIds:
      vlanIds === undefined || told.bridge_vids === now.bridge_vids
        ? vlanIds
        : splitNames(now.bridge_vids ?? "2-4094").map((id) =>
            id.includes("-") ? id : Number(id),
          ),
    mtu: inputs.mtu === undefined ? undefined : Number(now.mtu ?? 1500),
    address: inputs.address && now.cidr,
    gateway: inputs.gateway && now.gateway,
    address6: inputs.address6 && now.cidr6,
    gateway6: inputs.gateway6 && now.gateway6,
    autostart: inputs.autostart === undefined ? undefined : !!now.autostart,
    comments:
      comments === undefined || (told.comments ?? "").trim() === words
        ? comments
        : words,
  };
}

/** Bonds that are gone are left out. */
export function bondInputs(
  bonds: Bonds,
  found: ReadonlyMap<string, Interface>,
): Bonds {
  return Object.fromEntries(
    Object.entries(bonds).flatMap(([name, bond]) => {
      const item = found.get(name);
      if (item?.type !== "bond") return [];
      const now = settingsOf(item);
      return [
        [
          name,
          {
            mode: now.bond_mode as BondInputs["mode"],
            slaves:
              formatNames(bond.slaves) === now.slaves
                ? bond.slaves
                : splitNames(now.slaves),
            xmitHashPolicy:
              bond.xmitHashPolicy &&
              (now.bond_xmit_hash_policy as BondInputs["xmitHashPolicy"]),
            primary: bond.primary && now["bond-primary"],
            mtu: bond.mtu && Number(now.mtu ?? 1500),
          },
        ],
      ];
    }),
  );
}
