import type { Machine } from "../../host/client/machine";
import type { ZfsDatasetInputs } from "./model";
import { filesOf, parseFiles, pathsOf, timerOf } from "./snapshots";

type Snapshots = ZfsDatasetInputs["snapshots"];
type Act = (words: [string, ...string[]]) => Promise<unknown>;

interface Target {
  machine: Machine;
  signal: AbortSignal;
  /** Runs what changes the machine. */
  act: Act;
  beforeWrite(): Promise<void>;
}

export async function installTimer(
  { machine, signal, act, beforeWrite }: Target,
  inputs: ZfsDatasetInputs,
  snapshots: NonNullable<Snapshots>,
  guid: string,
): Promise<void> {
  const files = filesOf(inputs, snapshots, guid);
  const timer = timerOf(inputs.name);
  let isNew = false;
  for (const { path, mode, content } of files) {
    const [now, facts] = [
      await machine.read(path, signal),
      (await machine.stat([path], signal)).get(path),
    ];
    if (now?.toString("utf8") === content && facts?.mode === mode) continue;
    isNew = true;
    await beforeWrite();
    await machine.write(
      path,
      { content, mode, owner: "root", group: "root" },
      signal,
    );
  }
  const isOn = await isEnabledAndActive(machine, timer, signal);
  if (!isNew && isOn) return;
  await act(["systemctl", "daemon-reload"]);
  await act(["systemctl", "enable", "--now", timer]);
  // One that ran before goes on with its old times.
  if (isNew) await act(["systemctl", "restart", timer]);
}

export async function removeTimer(
  { machine, signal, act, beforeWrite }: Target,
  name: string,
): Promise<void> {
  const paths = pathsOf(name);
  const there = await machine.sha256(paths, signal);
  if (there.size === 0) return;
  const timer = timerOf(name);
  if (paths.some((path) => path.endsWith(timer) && there.has(path)))
    await act(["systemctl", "disable", "--now", timer]);
  // The timer's file last: as long as it is there, there is something to do.
  for (const path of paths) {
    await beforeWrite();
    await machine.remove(path, signal);
  }
  await act(["systemctl", "daemon-reload"]);
}

/** As the machine has it; undefined: not, or not as we would have written it. */
export async function readTimer(
  machine: Machine,
  inputs: ZfsDatasetInputs,
  guid: string,
  signal: AbortSignal,
): Promise<Snapshots> {
  const paths = pathsOf(inputs.name);
  const texts = await Promise.all(
    paths.map(async (path) =>
      (await machine.read(path, signal))?.toString("utf8"),
    ),
  );
  const found = parseFiles(texts[0], texts[2]);
  if (found === undefined) return undefined;
  const facts = await machine.stat(paths, signal);
  const isExact = filesOf(inputs, found, guid).every(
    ({ path, content, mode }, index) =>
      texts[index] === content && facts.get(path)?.mode === mode,
  );
  const timer = timerOf(inputs.name);
  return isExact && (await isEnabledAndActive(machine, timer, signal))
    ? found
    : undefined;
}

async function isEnabledAndActive(
  machine: Machine,
  timer: string,
  signal: AbortSignal,
): Promise<boolean> {
  const options = { signal, codes: [0, 1, 3, 4], looks: true };
  const states = [
    await machine.run(["systemctl", "is-enabled", timer], options),
    await machine.run(["systemctl", "is-active", timer], options),
  ];
  return states.every(({ code }) => code === 0);
}
