import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "../../dynamic/kind";
import {
  codes,
  NoReply,
  SessionGone,
  type UbusClient,
  type UbusSession,
} from "../client";
import { difference } from "../uci/difference";
import { configs } from "../uci/section";
import { differsFrom } from "./compare";
import { observe } from "./observe";
import type { Found, Plan } from "./plan";
import { stage, unstage } from "./staging";

const sessionSeconds = 600;
const pauseMs = 3_000;
/** The router's clock and its reload, after its timer has run out. */
const graceMs = 30_000;
const secondWindow = 60;

/**
 * Has the router undo a change that is not confirmed, or waits until it has by
 * its timer, which runs out at `until`; where rpcd was restarted and has
 * forgotten timer and change, undoes it by a change of its own. Says how it went.
 */
export async function giveBack(
  client: UbusClient,
  { signal, beforeWrite }: Operation,
  session: UbusSession,
  before: Found,
  until: number,
): Promise<string> {
  for (let mayEnd = true; ; ) {
    try {
      if (mayEnd)
        await session.send([{ object: "uci", method: "rollback" }], signal);
    } catch (error) {
      signal.throwIfAborted();
      mayEnd = !(error instanceof SessionGone);
    }
    try {
      const again = await client.login(signal, sessionSeconds);
      const now = await observe(again, [], signal);
      const isSettled = await unstage(
        again,
        ["network", ...now.staged],
        signal,
      );
      if (!differsFrom(now.found, before)) {
        await again.destroy(signal);
        return "The configuration from before is back";
      }
      // While its timer runs, nothing may be changed beside it.
      if (isSettled) {
        await beforeWrite();
        await putBack(again, before, now.found, signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NoReply) && !(error instanceof SessionGone))
        throw error;
    }
    if (Date.now() > until + graceMs) {
      return `The router cannot be asked whether it is back; its timer undid the change at ${new Date(until).toISOString()} at the latest. If it stays away, go to its console`;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

async function putBack(
  session: UbusSession,
  before: Found,
  now: Found,
  signal: AbortSignal,
): Promise<void> {
  await stage(session, planBack(before, now), signal);
  const apply = {
    object: "uci",
    method: "apply",
    args: { rollback: true, timeout: secondWindow },
  };
  const [answer] = await session.send([apply], signal);
  if (answer?.code !== codes.ok) return;
  await sleep(pauseMs, undefined, { signal });
  await session.send([{ object: "uci", method: "confirm" }], signal, true);
}

function planBack(before: Found, now: Found): Plan {
  const plan: Plan = { steps: [], words: [], wanted: [] };
  for (const config of [...configs, "system"] as const) {
    const named = before[config].filter(({ anonymous }) => !anonymous);
    const names = new Set(named.map(({ name }) => name));
    const wanted = named.map(({ name, type, options }) => ({
      section: name,
      type,
      options,
    }));
    const gone = now[config].filter(
      ({ name, anonymous }) => !anonymous && !names.has(name),
    );
    const { steps } = difference(
      now[config],
      wanted,
      gone.map(({ name }) => name),
      new Map(),
    );
    if (steps.length === 0) continue;
    plan.steps.push(...steps.map((step) => ({ config, step })));
    plan.wanted.push({ config, sections: wanted });
  }
  return plan;
}
