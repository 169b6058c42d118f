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
import { configs, type Section } from "../uci/section";
import { observe } from "./observe";
import type { Found, Plan } from "./plan";
import { stage, unstage } from "./staging";

const sessionSeconds = 600;
const pauseMs = 3_000;
/** The router's clock and its reload, after its timer has run out. */
const graceMs = 30_000;
const secondWindow = 60;

/** A change that was applied, and what stood there. */
export interface Made {
  plan: Plan;
  before: Found;
}

/**
 * Has the router undo a change that is not confirmed, or waits until it has by
 * its timer, which runs out at `until`; where rpcd was restarted and has
 * forgotten timer and change, undoes it by a change of its own. Says how it went.
 */
export async function giveBack(
  client: UbusClient,
  { signal, beforeWrite }: Operation,
  session: UbusSession,
  made: Made,
  until: number,
): Promise<string> {
  let isUndoing = false;
  for (let mayEnd = true; ; ) {
    try {
      if (mayEnd) await session.send([rollback], signal);
    } catch (error) {
      signal.throwIfAborted();
      mayEnd = !(error instanceof SessionGone);
    }
    try {
      const again = await client.login(signal, sessionSeconds);
      const now = await observe(again, [], signal);
      const left = ["network", ...now.staged];
      const isSettled = await unstage(again, left, signal);
      const undo = planBack(made, now.found);
      if (isSettled && undo.steps.length === 0) {
        await again.destroy(signal);
        return "The configuration from before is back";
      }
      // While a timer runs, nothing may be changed beside it; our own undoing
      // is confirmed by who comes back into its session.
      if (!isSettled && isUndoing && undo.steps.length === 0)
        await again.send([confirm], signal, true);
      if (isSettled) {
        await beforeWrite();
        await stage(again, undo, signal);
        const [answer] = await again.send([apply], signal);
        isUndoing ||= answer?.code === codes.ok;
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

const rollback = { object: "uci", method: "rollback" };
const confirm = { object: "uci", method: "confirm" };
const apply = {
  object: "uci",
  method: "apply",
  args: { rollback: true, timeout: secondWindow },
};

/** Of what the change touched, all that is not as it was; nothing else, which is not ours. */
function planBack({ plan: made, before }: Made, now: Found): Plan {
  const plan: Plan = { steps: [], words: [], wanted: [] };
  for (const config of [...configs, "system"] as const) {
    const had = new Map(before[config].map((item) => [item.name, item]));
    const has = new Set(now[config].map(({ name }) => name));
    const wanted = new Map<string, Section>();
    const gone: string[] = [];
    const asBefore = (section: string, found = had.get(section)) => {
      if (found) {
        const { type, options } = found;
        wanted.set(section, { section, type, options });
      }
    };
    for (const { config: where, step } of made.steps) {
      if (where !== config || step.do === "order") continue;
      if (step.do === "add") {
        if (!had.has(step.name)) gone.push(step.name);
      } else if (step.do !== "rename") asBefore(step.section);
      // Under its old name it is back already.
      else if (has.has(step.name)) asBefore(step.name, had.get(step.section));
    }
    // What an adopted section was called is of no matter; a set of it is undone above.
    for (const { config: where, step } of made.steps)
      if (where === config && step.do === "rename" && !has.has(step.name))
        wanted.delete(step.name);
    const { steps } = difference(
      now[config],
      [...wanted.values()],
      gone,
      new Map(),
    );
    const changes = steps.filter((step) => step.do !== "order");
    if (changes.length === 0) continue;
    plan.steps.push(...changes.map((step) => ({ config, step })));
    plan.wanted.push({ config, sections: [...wanted.values()] });
  }
  return plan;
}
