import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { type ProxmoxSession, path, TaskError } from "../client";
import { connect } from "../connection";
import { settle } from "../settle";
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

export interface Target {
  host: string;
  node: string;
  /** How long the network may take to come up again. */
  patienceMs: number;
}

const pauseMs = 500;

/**
 * Stages the changes, compares what PVE made of them, applies them and watches
 * until all is up. What does not come up is put back as it was, for as long as
 * the host still answers: a host that has lost its address can only be mended
 * from its console or recovery port.
 */
export async function make(
  operation: Operation,
  target: Target,
  before: Interfaces,
  changes: readonly Change[],
): Promise<void> {
  const session = connect(operation, target.host);
  let isDirty = false;
  await settle(operation.signal, async () => {
    if (isDirty) await discard(session, target.node);
    isDirty = true;
    await stageAlone(session, target, before, changes);
  });
  const failure = await apply(operation, target, before, changes);
  if (failure === undefined) return;
  const { host } = target;
  if (!failure.answers) {
    throw new UserError(
      `host "${host}" does not answer since its network was changed (${failure.why}). Nothing can be put back from here: at its console or through its recovery port, mend /etc/network/interfaces and run "ifreload -a", then run "pulumi up" again`,
    );
  }
  try {
    await putBack(operation, target, before, changes);
  } catch (error) {
    throw new UserError(
      `${failure.why}, and putting the previous definition back failed too: ${(error as Error).message}. Mend /etc/network/interfaces on host "${host}" and run "ifreload -a"`,
    );
  }
  throw new UserError(
    `${failure.why}. The previous definition was put back, and the host answers. Check names and cabling of the members, then run "pulumi up" again`,
  );
}

/** Takes the staged file away. */
export function discard(session: ProxmoxSession, node: string): Promise<null> {
  return session.request("DELETE", path`/nodes/${node}/network`);
}

async function stageAlone(
  session: ProxmoxSession,
  { node }: Target,
  before: Interfaces,
  changes: readonly Change[],
): Promise<void> {
  try {
    await stage(session, node, before, changes);
  } catch (error) {
    // A part of it may be staged already.
    await discard(session, node).catch(() => undefined);
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
    await discard(session, node);
    throw new UserError(
      `PVE made ${JSON.stringify(now)} of "${name}", which should be ${JSON.stringify(settings)}. Nothing was applied. Remove what this version of PVE does not take`,
    );
  }
}

/** Members move from one interface to another: first all let go, then all take. */
async function stage(
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

function inverse(before: Interfaces, changes: readonly Change[]): Change[] {
  return changes.map(({ name, type }) => {
    const item = before.found.get(name);
    return { name, type, settings: item && settingsOf(item) };
  });
}

async function putBack(
  operation: Operation,
  target: Target,
  before: Interfaces,
  changes: readonly Change[],
): Promise<void> {
  const session = connect(operation, target.host);
  const { node } = target;
  const now = await readInterfaces(session, node);
  if (now.changes) await discard(session, node);
  const { found } = await readInterfaces(session, node);
  const undo = inverse(before, changes).filter(
    ({ name, settings }) => settings !== undefined || found.has(name),
  );
  await stage(session, node, { found, changes: undefined }, undo);
  const failure = await apply(operation, target, before, undo);
  if (failure) throw new Error(failure.why);
}

interface Failure {
  why: string;
  answers: boolean;
}

/** Ends within the target's patience, with what is wrong then. */
async function apply(
  operation: Operation,
  target: Target,
  before: Interfaces,
  changes: readonly Change[],
): Promise<Failure | undefined> {
  const { host, node, patienceMs } = target;
  const signal = AbortSignal.any([
    operation.signal,
    AbortSignal.timeout(patienceMs),
  ]);
  const session = connect({ ...operation, signal }, host);
  let answers = true;
  let why = `the network of node "${node}" was not reloaded`;
  try {
    await settle(signal, () => reload(session, node));
    for (;;) {
      answers = false;
      const now = await readInterfaces(session, node);
      answers = true;
      const problems = changes.flatMap((change) =>
        problemsOf(change, before, now),
      );
      if (problems.length === 0) return undefined;
      why = problems.join("; ");
      await sleep(pauseMs, undefined, { signal });
    }
  } catch (error) {
    // Not our own deadline's: the operation's, or the engine's end.
    if (operation.signal.aborted) throw error;
    if (error instanceof TaskError && !signal.aborted)
      return { why: error.message, answers: true };
    if (!signal.aborted) why = (error as Error).message;
    answers = answers && (await doesAnswer(operation, target));
    return { why: `after ${patienceMs / 1_000} s ${why}`, answers };
  }
}

async function reload(session: ProxmoxSession, node: string): Promise<void> {
  if (!(await readInterfaces(session, node)).changes) return;
  const upid = await session.request<string>(
    "PUT",
    path`/nodes/${node}/network`,
  );
  await session.task(upid, `reload of the network of node "${node}"`);
}

async function doesAnswer(
  operation: Operation,
  { host, node, patienceMs }: Target,
): Promise<boolean> {
  const signal = AbortSignal.any([
    operation.signal,
    AbortSignal.timeout(patienceMs / 2),
  ]);
  try {
    await readInterfaces(connect({ ...operation, signal }, host), node);
    return true;
  } catch {
    return false;
  }
}

function problemsOf(
  { name, type, settings }: Change,
  before: Interfaces,
  now: Interfaces,
): string[] {
  if (now.changes) return ["the staged changes still wait"];
  const item = now.found.get(name);
  if (settings === undefined) return item ? [`"${name}" is still there`] : [];
  // Only what starts with the host is brought up by a reload.
  if (!settings.autostart) return [];
  if (!item?.active) return [`${type} "${name}" did not come up`];
  return membersOf(settings)
    .filter((member) => !now.found.get(member)?.active)
    .filter((member) => {
      const was = before.found.get(name);
      const had = was && membersOf(settingsOf(was)).includes(member);
      return !had || before.found.get(member)?.active;
    })
    .map((member) => `member "${member}" of "${name}" did not come up`);
}
