import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Operation } from "../../dynamic/kind";
import {
  codes,
  SessionGone,
  type UbusClient,
  type UbusSession,
} from "../client";
import { difference, type Step } from "../uci/difference";
import { configs, type FoundSection, type Section } from "../uci/section";
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
  let why = "";
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
      why = (error as Error).message;
    }
    if (Date.now() > until + graceMs) {
      return `The router does not show that it is back${why && ` (${why})`}; its timer ran out at ${new Date(until).toISOString()} at the latest. If it stays away, go to its console`;
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
    const steps = made.steps.flatMap((item) =>
      item.config === config ? [item.step] : [],
    );
    const undo = undoing(steps, before[config], now[config]);
    if (undo.steps.length === 0) continue;
    plan.steps.push(...undo.steps.map((step) => ({ config, step })));
    plan.wanted.push({ config, sections: undo.wanted });
  }
  return plan;
}

function undoing(
  made: readonly Step[],
  before: readonly FoundSection[],
  now: readonly FoundSection[],
): { steps: Step[]; wanted: Section[] } {
  const has = new Set(now.map(({ name }) => name));
  // An adopted section keeps the name that it was given, until the router's
  // own rollback gives it back the former one.
  const renamed = new Map(
    made.flatMap((step) =>
      step.do === "rename" && has.has(step.name)
        ? [[step.section, step.name] as const]
        : [],
    ),
  );
  // What has no name is called by its place, which may be another by now.
  const nameless = now.filter(({ anonymous }) => anonymous);
  const former = before.map(({ name, type, options, anonymous }) => {
    const same = nameless.find(
      (item) => item.type === type && isDeepStrictEqual(item.options, options),
    );
    const called = anonymous ? (same?.name ?? name) : name;
    return { section: renamed.get(name) ?? called, type, options };
  });
  const had = new Set(former.map(({ section }) => section));
  const touched = new Set([
    ...renamed.values(),
    ...made.flatMap((step) =>
      step.do === "set" || step.do === "delete" ? [step.section] : [],
    ),
  ]);
  const gone = made.flatMap((step) =>
    step.do === "add" && !had.has(step.name) ? [step.name] : [],
  );
  const wanted = former.filter(({ section }) => touched.has(section));
  const { steps } = difference(now, wanted, gone, new Map());
  const changes = steps.filter((step) => step.do !== "order");
  // Their order among all that was there, not among themselves.
  const order = former.map(({ section }) => section);
  const added = changes.flatMap((step) =>
    step.do === "add" ? [step.name] : [],
  );
  const after = [...has, ...added].filter((name) => had.has(name));
  const stands = order.filter((name) => after.includes(name));
  const isOrdered = after.every((name, index) => name === stands[index]);
  return {
    steps: isOrdered
      ? changes
      : [...changes, { do: "order", sections: stands }],
    wanted,
  };
}
