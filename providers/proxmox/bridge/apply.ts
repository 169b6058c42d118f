import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { ProxmoxError, type ProxmoxSession, path, TaskError } from "../client";
import { connect } from "../connection";
import { settle } from "../settle";
import {
  type Interfaces,
  membersOf,
  readInterfaces,
  settingsOf,
} from "./interfaces";
import type { Change } from "./management";
import { discard, inverse, stage, stageAlone, unstage } from "./staging";

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
    if (isDirty) await unstage(session, target.node, before, changes);
    isDirty = true;
    await stageAlone(session, target.node, before, changes);
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
  let why = `the network of node "${node}" was not reloaded`;
  try {
    await settle(signal, () => reload(session, node));
    for (;;) {
      try {
        const now = await readInterfaces(session, node);
        const problems = changes.flatMap((change) =>
          problemsOf(change, before, now),
        );
        if (problems.length === 0) return undefined;
        why = problems.join("; ");
      } catch (error) {
        // Spanning tree or a bond's partner may need half a minute.
        if (!(error instanceof ProxmoxError) || signal.aborted) throw error;
        why = error.message;
      }
      await sleep(pauseMs, undefined, { signal });
    }
  } catch (error) {
    // Not our own deadline's: the operation's, or the engine's end.
    if (operation.signal.aborted) throw error;
    if (error instanceof TaskError && !signal.aborted)
      return { why: error.message, answers: true };
    if (!signal.aborted) why = (error as Error).message;
    return {
      why: `after ${patienceMs / 1_000} s ${why}`,
      answers: await doesAnswer(operation, target),
    };
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
  const session = connect({ ...operation, signal }, host);
  while (!signal.aborted) {
    try {
      await readInterfaces(session, node);
      return true;
    } catch {
      await sleep(pauseMs);
    }
  }
  return false;
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
