import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import {
  codes,
  NoReply,
  nameOf,
  SessionGone,
  type UbusClient,
  UbusRefusal,
  type UbusSession,
} from "../client";
import { giveBack } from "./back";
import { readMark } from "./mark";
import { type Observation, observe, readFiles } from "./observe";
import type { Plan } from "./plan";
import { stage, unstage } from "./staging";
import { type Expectations, verify } from "./verify";

export interface Change {
  plan: Plan;
  expected: Expectations;
  /** Without the timer: for what cuts the path that a confirmation would take. */
  unguarded?: boolean;
}

export interface Target {
  client: UbusClient;
  operation: Operation;
  /** Devices whose MAC is looked at. */
  devices: readonly string[];
}

/** A session must outlive the window, or nobody can confirm. */
const sessionSeconds = 1_200;
const pauseMs = 3_000;
/** How long lines may take to their first answer before a change. */
const probingMs = 40_000;
/** How often what a lost session or reply left undone is begun anew. */
const attempts = 3;

/**
 * Makes a change on the router or leaves it as it was. `plan` is asked anew
 * whenever the router may have changed meanwhile; a plan without steps ends it.
 */
export async function transact(
  target: Target,
  planned: (now: Observation) => Change,
): Promise<boolean> {
  const { operation } = target;
  const { signal } = operation;
  let waitTold = false;
  for (let attempt = 1; ; ) {
    const outcome = await once(target, planned).catch((error: unknown) => {
      const passes = error instanceof SessionGone || error instanceof NoReply;
      if (signal.aborted && !(error instanceof UserError)) throw signal.reason;
      if (!passes || attempt === attempts) throw error;
      return "again" as const;
    });
    if (outcome === "made") return true;
    if (outcome === "nothing to do") return false;
    if (outcome === "others wait") await waitForOthers();
    else if (attempt++ === attempts) {
      throw new UserError(
        `the router did not keep the change in ${attempts} attempts. Look at its log (logread), then run "pulumi up" again`,
      );
    } else await sleep(pauseMs, undefined, { signal });
  }

  async function waitForOthers() {
    if (!waitTold) {
      operation.tell(
        "somebody else's change waits on the router for its confirmation; waiting until it is kept or undone",
      );
    }
    waitTold = true;
    try {
      await sleep(pauseMs, undefined, { signal });
    } catch {
      throw new UserError(
        `${(signal.reason as Error).message}, waiting for somebody else's change that is applied on the router and not confirmed. Confirm or undo it there (LuCI shows it), then run "pulumi up" again`,
      );
    }
  }
}

type Outcome = "made" | "nothing to do" | "others wait" | "again";

async function once(
  target: Target,
  planned: (now: Observation) => Change,
): Promise<Outcome> {
  const { client, operation, devices } = target;
  const { signal } = operation;
  const session = await client.login(signal, sessionSeconds);
  const before = await observeProbed(session, devices, signal);
  // What an earlier run left there, or the router put back when it undid it.
  // While an apply waits, what stands there may be another thing soon.
  const left = ["network", ...before.staged];
  if (!(await unstage(session, left, signal))) return "others wait";
  if (before.staged.length > 0) return "again";
  const change = planned(before);
  if (change.plan.steps.length === 0) {
    await session.destroy(signal);
    return "nothing to do";
  }
  await operation.beforeWrite();
  let appliedAt: number;
  try {
    await stage(session, change.plan, signal);
    await operation.beforeWrite();
    appliedAt = Date.now();
    if (!(await apply(session, change, signal))) {
      await session.destroy(signal);
      return "others wait";
    }
  } catch (error) {
    await session.destroy(signal);
    throw error;
  }
  if (change.unguarded) return "made";
  return (await prove(target, session, before, change, appliedAt))
    ? "made"
    : "again";
}

/** Once mwan3 has probed its lines: one that it has just begun with would count as dead before. */
async function observeProbed(
  session: UbusSession,
  devices: readonly string[],
  signal: AbortSignal,
): Promise<Observation> {
  const until = Date.now() + probingMs;
  for (;;) {
    const now = await observe(session, devices, signal);
    const { interfaces, lines } = now.running;
    const isProbing = now.found.mwan3.some(
      ({ name, type, options }) =>
        type === "interface" &&
        options.enabled === "1" &&
        options.track_ip !== undefined &&
        interfaces.get(name)?.up === true &&
        (lines.get(name)?.turn ?? 0) < 1,
    );
    if (!isProbing || Date.now() > until) return now;
    await sleep(pauseMs / 3, undefined, { signal });
  }
}

/** False: an apply of somebody else is pending, which must not be touched. */
async function apply(
  session: UbusSession,
  { expected, unguarded }: Change,
  signal: AbortSignal,
): Promise<boolean> {
  if (unguarded) {
    // Without a timer of its own an apply would disarm that of somebody else.
    const [pending] = await session.send(
      [{ object: "uci", method: "confirm" }],
      signal,
    );
    if (pending?.code !== codes.noData) return false;
  }
  const call = {
    object: "uci",
    method: "apply",
    args: unguarded
      ? { rollback: false }
      : { rollback: true, timeout: expected.window },
  };
  for (;;) {
    try {
      const [answer] = await session.send([call], signal);
      if (answer?.code === codes.ok) return true;
      if (answer?.code === codes.permissionDenied) return false;
      throw new UbusRefusal(nameOf(call), answer?.code ?? 0);
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      if (!error.unsent && (await isApplied(session, signal))) return true;
      await sleep(pauseMs / 3, undefined, { signal });
    }
  }
}

/** An apply takes along what is staged, at once. */
async function isApplied(
  session: UbusSession,
  signal: AbortSignal,
): Promise<boolean> {
  const [answer] = await session.look(
    [{ object: "uci", method: "changes" }],
    signal,
  );
  return Object.keys((answer?.data.changes ?? {}) as object).length === 0;
}

/** True when it is confirmed; false when it is to be done again; throws when the router is back where it was. */
async function prove(
  target: Target,
  session: UbusSession,
  before: Observation,
  change: Change,
  /** Before it was asked for: the router's own clock starts later. */
  appliedAt: number,
): Promise<boolean> {
  const { client, operation } = target;
  const { signal } = operation;
  const { window } = change.expected;
  let failures: string[];
  try {
    failures = await verify(session, change.expected, appliedAt, signal);
    if (failures.length === 0) {
      await operation.beforeWrite();
      const outcome = await confirm(
        session,
        change.plan.apply,
        appliedAt + window * 1_000,
        signal,
      );
      if (outcome === "confirmed") return true;
      if (outcome === "nothing pending") {
        // A restart of rpcd forgets its timer, and with it who may confirm.
        operation.tell(
          "the router has lost its timer (rpcd was restarted?); the change is applied once more",
        );
        return false;
      }
      failures = ["the confirmation did not reach the router"];
    }
  } catch (error) {
    if (signal.aborted) {
      throw new UserError(
        `${(signal.reason as Error).message}, before the change had proved itself. The router takes it back by itself within ${window} s`,
      );
    }
    if (!(error instanceof SessionGone)) throw error;
    failures = ["the router has ended the session that could have confirmed"];
  }
  const until = appliedAt + window * 1_000;
  const made = { plan: change.plan, before: before.found };
  const back = await giveBack(client, operation, session, made, until);
  throw new UserError(`${failures.join("; ")}. ${back}`);
}

async function confirm(
  session: UbusSession,
  apply: string | undefined,
  until: number,
  signal: AbortSignal,
): Promise<"confirmed" | "nothing pending" | "unheard"> {
  let sent = false;
  while (Date.now() < until) {
    try {
      const [answer] = await session.send(
        [{ object: "uci", method: "confirm" }],
        signal,
        true,
      );
      if (answer?.code === codes.ok) return "confirmed";
      if (answer?.code !== codes.noData) return "unheard";
      // After a reply that was lost it was heard, if what was applied stands.
      const mark = readMark((await readFiles(session, signal)).system);
      return sent && mark?.apply === apply ? "confirmed" : "nothing pending";
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      sent ||= !error.unsent;
      await sleep(pauseMs / 3, undefined, { signal });
    }
  }
  return "unheard";
}
