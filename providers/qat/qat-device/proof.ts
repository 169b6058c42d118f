import { setTimeout as sleep } from "node:timers/promises";
import { adapterOf } from "./adapter";
import type { Place } from "./engage";
import { type Load, loads } from "./loads";
import { type Look, look } from "./look";
import type { ProofEnd, ProofOutput, QatDeviceInputs } from "./model";

/** As long as counters are looked at without a load, before it and after it. */
const idleMs = 1_000;

/** Counters without a load, and under one that only the adapter can serve. */
export async function prove(
  place: Place,
  inputs: QatDeviceInputs,
): Promise<ProofOutput | undefined> {
  const { machine, signal } = place;
  const { proof } = inputs;
  if (proof === undefined) return undefined;
  const count = () => look(machine, signal);
  const first = await count();
  await sleep(idleMs, undefined, { signal });
  const before = await count();
  const load = await loads[proof.load](place);
  const after = await count();
  await sleep(idleMs, undefined, { signal });
  const last = await count();
  const all = after.functions.map(({ address }) =>
    countersOf(address, [first, before, after, last]),
  );
  const answered = all
    .filter(({ isBusy }) => !isBusy)
    .reduce((sum, { moved }) => sum + moved, 0);
  const isShort = load.requests - answered >= load.share;
  const own = adapterOf(after, inputs).map(({ address }) => address);
  return {
    ...proof,
    boot: after.boot,
    moving: all.some((item) => item.isBusy && own.includes(item.address)),
    ...(load.failure && { failure: load.failure }),
    endpoints: all
      .filter(({ address, startedAt }) => own.includes(address) && startedAt)
      .map(({ isBusy, ...item }) => ({
        ...item,
        shows: showsOf(load, item.moved, isBusy, isShort),
      })),
  };
}

function showsOf(
  { failure, share }: Load,
  moved: number,
  isBusy: boolean,
  isShort: boolean,
): ProofEnd {
  if (failure) return "failed";
  if (isBusy) return "busy";
  if (moved >= share) return "served";
  return isShort ? "elsewhere" : "unasked";
}

/** Of an endpoint that has started anew meanwhile, nothing. */
function countersOf(address: string, looks: readonly Look[]) {
  const seen = looks.flatMap(({ functions }) =>
    functions.filter((item) => item.address === address),
  );
  const starts = new Set(seen.map(({ startedAt }) => startedAt));
  const [first = 0, before = 0, after = 0, last = 0] = seen.map(
    ({ counters }) => counters?.responses,
  );
  const isOne = seen.length === looks.length && starts.size === 1;
  return {
    address,
    startedAt: isOne ? seen[0]?.startedAt : undefined,
    moved: isOne ? after - before : 0,
    isBusy: isOne && (before > first || last > after),
  };
}
