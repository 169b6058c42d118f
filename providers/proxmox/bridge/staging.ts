import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../dynamic/failure";
import { type ProxmoxSession, path } from "../client";
import {
  formatNames,
  type Interface,
  type Interfaces,
  membersOf,
  readInterfaces,
  type Settings,
  settingsOf,
} from "./interfaces";
import type { Change } from "./management";
import { isOnlyOurs } from "./pending";

/** Takes the staged file away. */
export function discard(session: ProxmoxSession, node: string): Promise<null> {
  return session.request("DELETE", path`/nodes/${node}/network`);
}

/** Takes our changes out of the staged file, and leaves there what somebody else has staged since. */
export async function unstage(
  session: ProxmoxSession,
  node: string,
  before: Interfaces,
  changes: readonly Change[],
): Promise<void> {
  const staged = await readInterfaces(session, node);
  if (!staged.changes) return;
  const ours = new Set(changes.map(({ name }) => name));
  if (isOnlyOurs(staged.changes, ours)) await discard(session, node);
  else await stage(session, node, staged, inverse(before, changes));
}

/** What PVE made of the changes is what they say, with nobody else's beside them. */
export async function stageAlone(
  session: ProxmoxSession,
  node: string,
  before: Interfaces,
  changes: readonly Change[],
): Promise<void> {
  try {
    await stage(session, node, before, changes);
  } catch (error) {
    // A part of it may be staged already.
    await unstage(session, node, before, changes).catch(() => undefined);
    throw error;
  }
  const staged = await readInterfaces(session, node);
  const foreign = foreignChanges(before, staged, changes);
  if (foreign.length > 0) {
    await stage(session, node, staged, inverse(before, changes));
    throw new UserError(
      `somebody else has staged changes of ${foreign.join(", ")} on node "${node}" just now, and those are not ours to apply. Apply or revert them (the node's System > Network), then run "pulumi up" again`,
    );
  }
  for (const { name, settings } of changes) {
    const item = staged.found.get(name);
    const now = item && settingsOf(item);
    if (isDeepStrictEqual(now, settings)) continue;
    await unstage(session, node, before, changes);
    throw new UserError(
      `PVE made ${JSON.stringify(now)} of "${name}", which should be ${JSON.stringify(settings)}. Nothing was applied. Remove what this version of PVE does not take`,
    );
  }
}

/** Members move from one interface to another: first all let go, then all take. */
export async function stage(
  session: ProxmoxSession,
  node: string,
  { found }: Interfaces,
  changes: readonly Change[],
): Promise<void> {
  const order = ["bridge", "bond"];
  const byType = (left: Change, right: Change) =>
    order.indexOf(left.type) - order.indexOf(right.type);
  const standing = changes.filter(({ name }) => found.has(name)).sort(byType);
  for (const change of standing) {
    const before = settingsOf(found.get(change.name) as Interface);
    const kept = membersOf(before).filter((member) =>
      membersOf(change.settings ?? {}).includes(member),
    );
    if (change.settings === undefined) {
      await session.request(
        "DELETE",
        path`/nodes/${node}/network/${change.name}`,
      );
    } else if (kept.length < membersOf(before).length) {
      const key = change.type === "bridge" ? "bridge_ports" : "slaves";
      const reduced = { ...before, [key]: formatNames(kept) || undefined };
      // PVE refuses a primary that is no slave.
      if (!kept.includes(before["bond-primary"] ?? ""))
        delete reduced["bond-primary"];
      await put(session, node, change, before, reduced);
    }
  }
  for (const change of [...changes].sort(byType).reverse()) {
    const { name, type, settings } = change;
    const item = found.get(name);
    if (settings === undefined) continue;
    if (item) await put(session, node, change, settingsOf(item), settings);
    else {
      await session.request("POST", path`/nodes/${node}/network`, {
        iface: name,
        type,
        ...settings,
      });
    }
  }
}

/**
 * PVE merges what is sent into what stands there, but takes an address that is
 * not sent for one that is not wanted: so everything is sent.
 */
async function put(
  session: ProxmoxSession,
  node: string,
  { name, type }: Change,
  before: Settings,
  after: Settings,
): Promise<void> {
  const unset = Object.keys(before).filter(
    (key) => after[key as keyof Settings] === undefined,
  );
  await session.request("PUT", path`/nodes/${node}/network/${name}`, {
    type,
    ...after,
    ...(unset.length > 0 ? { delete: unset.join(",") } : {}),
  });
}

/** Interfaces beside ours that the staged file has otherwise. */
function foreignChanges(
  before: Interfaces,
  staged: Interfaces,
  changes: readonly Change[],
): string[] {
  const ours = new Set(changes.map(({ name }) => name));
  const slaves = new Set(
    changes.flatMap(({ settings }) => membersOf(settings ?? {})),
  );
  const shape = (name: string, item: Interface | undefined) => {
    if (item === undefined) return undefined;
    const { type, "vlan-raw-device": below, "vlan-id": vlan } = item;
    const { autostart, bond_mode = "balance-rr", ...rest } = settingsOf(item);
    return {
      ...rest,
      type,
      below,
      vlan,
      // PVE writes the default mode down, and has a bond's slaves start with the host.
      bond_mode: type === "bond" ? bond_mode : undefined,
      autostart: slaves.has(name) || autostart,
    };
  };
  return [...new Set([...before.found.keys(), ...staged.found.keys()])].filter(
    (name) =>
      !ours.has(name) &&
      !isDeepStrictEqual(
        shape(name, before.found.get(name)),
        shape(name, staged.found.get(name)),
      ),
  );
}

/** What takes the changes back. */
export function inverse(
  before: Interfaces,
  changes: readonly Change[],
): Change[] {
  return changes.map(({ name, type }) => {
    const item = before.found.get(name);
    return { name, type, settings: item && settingsOf(item) };
  });
}
