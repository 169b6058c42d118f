import { UserError } from "../../dynamic/failure";
import { HostError } from "../../host/client/errors";
import type { Place } from "../place";
import type { IscsiTargetInputs } from "./model";
import { creation, present, type Step, stepsAway, stepsTo } from "./plan";
import { refuseForgetting, refuseTaken } from "./refusals";
import type { Configuration } from "./saved";
import {
  readLive,
  readSaved,
  refuseAbsent,
  restoreAtStart,
  save,
  sessionsOf,
  take,
} from "./server";
import {
  objectName,
  type StorageObject,
  serialOf,
  type Target,
  volumeOf,
  wantedOf,
} from "./wanted";

const undoMs = 60_000;

/** From what is there to what is declared, saved in the end; or as it was. */
export async function apply(
  place: Place,
  inputs: IscsiTargetInputs,
  adopted: boolean,
  before: Configuration,
  olds?: IscsiTargetInputs,
): Promise<void> {
  const { iqn, host, luns } = inputs;
  const live = targetIn(before, iqn);
  const wanted = wantedOf(inputs, adopted, live);
  await refuseAbsent(
    place,
    host,
    luns.map(({ volume }) => volume),
  );
  refuseTaken(inputs, wanted, before);
  const saved = await readSaved(place);
  const unsaved = refuseForgetting(inputs, before, saved);
  const former = olds ? leftOf(olds, before) : [];
  const steps = stepsTo(wanted, live, before.objects, former);
  await refuseDropping(place, inputs, live, steps);
  if (steps.length > 0) {
    try {
      const due = live ? steps : await begin(place, inputs, wanted);
      for (const step of due) await take(place, iqn, step);
      await verify(place, inputs, wanted);
    } catch (error) {
      // Nobody knows what came of it: the next run looks, and goes on.
      if (isLost(error)) throw error;
      throw await takenBack(place, inputs, wanted, before, error);
    }
  }
  await restoreAtStart(place);
  const isSaved = saved && isSameTarget(saved, wanted);
  if (steps.length === 0 && isSaved) return;
  await save(place);
  if (unsaved.length > 0)
    place.operation.tell(
      `host "${host}" now keeps for its next start, too: ${unsaved.join(", ")}`,
    );
}

/** Makes the bare target; answers what is to be done to it. */
async function begin(
  place: Place,
  { iqn, name }: IscsiTargetInputs,
  wanted: Target,
): Promise<Step[]> {
  for (const step of creation(iqn)) await take(place, iqn, step);
  const live = await readLive(place, name);
  return stepsTo(wanted, targetIn(live, iqn), live.objects);
}

/**
 * Backstores of ours that no target serves: an earlier run made them, or they
 * lost their LUN. A serial that is made of target and volume says so itself.
 */
function leftOf(
  inputs: IscsiTargetInputs,
  { objects, served }: Configuration,
): StorageObject[] {
  const declared = present(wantedOf(inputs, false).objects, objects);
  const own = objects.filter(({ name, dev, wwn }) => {
    const volume = volumeOf(dev);
    return name === objectName(volume) && wwn === serialOf(inputs.iqn, volume);
  });
  return [...declared, ...own].filter(({ name }) =>
    served.every(({ object }) => object !== name),
  );
}

export function targetIn(
  { targets }: Configuration,
  iqn: string,
): Target | undefined {
  return targets.find((target) => target.iqn === iqn);
}

/** Whether it is served, or saved, just so. */
export function isSameTarget(there: Configuration, wanted: Target): boolean {
  const target = targetIn(there, wanted.iqn);
  return target !== undefined && differences(target, wanted, there) === 0;
}

function differences(
  target: Target,
  wanted: Target,
  { objects }: Configuration,
): number {
  return stepsTo(wanted, target, objects).length;
}

/** Takes the target away with its backstores; the volumes stay. */
export async function withdraw(
  place: Place,
  inputs: IscsiTargetInputs,
  live: Configuration,
): Promise<void> {
  const { iqn, name, host } = inputs;
  const target = targetIn(live, iqn);
  const saved = await readSaved(place);
  refuseForgetting(inputs, live, saved);
  const steps = stepsAway(target, leftOf(inputs, live), (object) =>
    live.served.some((item) => item.iqn !== iqn && item.object === object),
  );
  await refuseDropping(place, inputs, target, steps);
  for (const step of steps) await take(place, iqn, step);
  if (steps.length > 0 && targetIn(await readLive(place, name), iqn))
    throw new UserError(`target ${iqn} is still served on host "${host}"`);
  const isSaved =
    saved && (targetIn(saved, iqn) || leftOf(inputs, saved).length > 0);
  if (steps.length > 0 || isSaved) await save(place);
}

/** LIO itself lets everything go under a live session, without a word. */
async function refuseDropping(
  place: Place,
  { dropSessions, iqn, host }: IscsiTargetInputs,
  live: Target | undefined,
  steps: readonly Step[],
): Promise<void> {
  const taken = steps.flatMap(({ takes }) => takes ?? []);
  if (live === undefined || taken.length === 0) return;
  const sessions = await sessionsOf(place, live);
  const hit = taken.flatMap(({ from, what }) =>
    sessions
      .filter(({ initiator }) => from === "" || from === initiator)
      .map(({ initiator, address }) => `${initiator} (${address}) ${what}`),
  );
  if (hit.length === 0) return;
  if (dropSessions) {
    place.operation.tell(`on host "${host}" loses now: ${hit.join(", ")}`);
    return;
  }
  throw new UserError(
    `target ${iqn} on host "${host}" is in use, and this would take away from ${[...new Set(hit)].join(", ")}: disks that are mounted there would fail. Log out first ("iscsiadm --mode node --targetname ${iqn} --logout"), or set dropSessions: true`,
  );
}

async function verify(
  place: Place,
  { name, host, iqn }: IscsiTargetInputs,
  wanted: Target,
): Promise<void> {
  const live = await readLive(place, name);
  const target = targetIn(live, iqn);
  const left = stepsTo(wanted, target, live.objects);
  if (left.length === 0) return;
  throw new UserError(
    `host "${host}" does not serve it as declared afterwards; missing is ${left.map(worded).join("; ")}`,
  );
}

/** Never with a secret. */
function worded(step: Step): string {
  return "run" in step
    ? step.run.join(" ")
    : `${step.key} of ${step.initiator}`;
}

async function takenBack(
  place: Place,
  inputs: IscsiTargetInputs,
  wanted: Target,
  before: Configuration,
  error: unknown,
): Promise<UserError> {
  const { iqn, name } = inputs;
  const cause = error instanceof Error ? error.message : String(error);
  const undo = { ...place, signal: AbortSignal.timeout(undoMs) };
  try {
    const now = await readLive(undo, name);
    const [there, was] = [targetIn(now, iqn), targetIn(before, iqn)];
    const steps: Step[] = was
      ? stepsTo(was, there, now.objects)
      : there
        ? stepsAway(there, [], () => false)
        : [];
    for (const step of steps) await take(undo, iqn, step);
    const rest = await readLive(undo, name);
    for (const object of rest.objects) {
      const isNew = before.objects.every((item) => item.name !== object.name);
      const isOurs = wanted.objects.some((item) => item.name === object.name);
      if (isNew && isOurs)
        await take(undo, iqn, {
          run: ["/backstores/block", "delete", object.name],
        });
    }
    return new UserError(`${cause}. What was served before is served again`);
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    return new UserError(
      `${cause}. Taking it back failed too: ${why}. The next "pulumi up" looks what is there and goes on`,
    );
  }
}

function isLost(error: unknown): boolean {
  return (
    error instanceof HostError &&
    (error.kind === "lost" || error.kind === "unreachable")
  );
}
