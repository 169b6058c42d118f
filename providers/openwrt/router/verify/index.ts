import { setTimeout as sleep } from "node:timers/promises";
import { SessionGone, type UbusSession } from "../../client";
import type { FoundSection, Section } from "../../uci/section";
import type { RouterInputs } from "../model";
import { type Observation, type Running, readRunning } from "../observe";
import type { Plan } from "../plan";
import { failoverBound } from "./bound";
import { interfaceFailures } from "./interfaces";
import { LineProof, passes } from "./lines";
import { type Probe, probeFailures } from "./probes";

/** apply answers before anything is reloaded; LuCI waits as long. */
const holdOffMs = 4_000;
/** For netifd's and mwan3's own restart, which sleeps 2 s. */
const restartMs = 10_000;
const pauseMs = 1_000;
/** In a row: one service after the other is reloaded, and the first look may be too early for the last. */
const goodLooks = 3;
const answerMs = 5_000;
/** What is left of the router's timer for the confirmation. */
const marginMs = 5_000;
const shortestWindow = 30;
const longestWindow = 300;

/** What a change must show before it is confirmed. */
export interface Expectations {
  network: readonly Section[];
  /** Without what this change takes away. */
  networkBefore: readonly FoundSection[];
  before: Running;
  /** Lines that answered before, and so must after. */
  lines: readonly string[];
  probes: readonly Probe[];
  /** Seconds after which the router takes the change back by itself. */
  window: number;
  /** Of the slowest of these lines, in seconds. */
  bound: number;
}

export function expectations(
  inputs: Pick<RouterInputs, "network" | "mwan3" | "verify">,
  { found, running }: Observation,
  { steps }: Plan,
): Expectations {
  const goes = new Set(
    steps.flatMap(({ config, step }) =>
      config === "network" && step.do === "delete" && !step.options
        ? [step.section]
        : [],
    ),
  );
  const lines = inputs.mwan3.filter((section) => {
    const state = running.lines.get(section.section);
    const isOn =
      section.type === "interface" && section.options.enabled === true;
    return isOn && state !== undefined && passes(state);
  });
  const bound = Math.max(0, ...lines.map(failoverBound));
  const needed = bound + (holdOffMs + restartMs + marginMs) / 1_000;
  const window =
    inputs.verify?.window ??
    Math.min(longestWindow, Math.max(shortestWindow, Math.ceil(needed)));
  return {
    network: inputs.network,
    networkBefore: found.network.filter(({ name }) => !goes.has(name)),
    before: running,
    lines: lines.map(({ section }) => section),
    probes: inputs.verify?.probes ?? [],
    window,
    bound,
  };
}

/** What is not proved when the time is up; nothing: all is. */
export async function verify(
  session: UbusSession,
  expected: Expectations,
  appliedAt: number,
  signal: AbortSignal,
): Promise<string[]> {
  const until = appliedAt + expected.window * 1_000 - marginMs;
  const proof = new LineProof(expected.lines);
  let failures = ["nothing was looked at"];
  let good = 0;
  await sleep(holdOffMs, undefined, { signal });
  while (Date.now() < until) {
    const patience = Math.min(answerMs, Math.max(1, until - Date.now()));
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    try {
      const now = await readRunning(session, limit);
      failures = [
        ...interfaceFailures(
          expected.network,
          expected.networkBefore,
          expected.before,
          now,
          (name) => isStarted(expected, name),
        ),
        ...lineFailures(proof.missing(now), now, expected, appliedAt),
        ...(await probeFailures(expected.probes, signal)),
      ];
      good = failures.length === 0 ? good + 1 : 0;
      if (good === goodLooks) return [];
    } catch (error) {
      good = 0;
      signal.throwIfAborted();
      if (error instanceof SessionGone) throw error;
      // Also a refusal: a service may be starting, and the time is not up.
      const why =
        error instanceof Error && !limit.aborted
          ? error.message
          : `no answer within ${answerMs / 1_000} s`;
      failures = [
        `the router does not answer on its management address: ${why}`,
      ];
    }
    await sleep(pauseMs, undefined, { signal });
  }
  return failures;
}

function isStarted(
  { network, networkBefore }: Expectations,
  name: string,
): boolean {
  const declared = network.find(({ section }) => section === name)?.options;
  const options =
    declared ?? networkBefore.find((item) => item.name === name)?.options ?? {};
  const isNo = (value: unknown) => value === false || value === "0";
  const isYes = (value: unknown) => value === true || value === "1";
  return !isNo(options.auto) && !isYes(options.disabled);
}

function lineFailures(
  missing: readonly string[],
  { lines }: Running,
  { bound }: Expectations,
  appliedAt: number,
): string[] {
  return missing.map((name) => {
    const state = lines.get(name);
    const targets = (state?.track_ip ?? [])
      .map(({ ip, status }) => `${ip} ${status}`)
      .join(", ");
    const seconds = Math.round((Date.now() - appliedAt) / 1_000);
    // Only mwan3's whole failover time makes silence a verdict.
    const verdict =
      seconds > bound
        ? "does not answer any more"
        : `is unproved after ${seconds} s (its failover takes up to ${bound} s: a longer verify.window may prove it)`;
    return `line "${name}", which answered before, ${verdict}: ${state?.status ?? "mwan3 does not know it"}${targets ? `, ${targets}` : ""}`;
  });
}
