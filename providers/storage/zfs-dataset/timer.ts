import { UserError } from "../../dynamic/failure";
import type { FileFacts, Machine } from "../../host/client/machine";
import { parseFileMark } from "../mark";
import type { ZfsDatasetInputs } from "./model";
import {
  filesOf,
  parseFiles,
  pathsOf,
  serviceOf,
  timerOf,
  type UnitFile,
} from "./snapshots";

type Snapshots = ZfsDatasetInputs["snapshots"];
type Act = (words: [string, ...string[]]) => Promise<unknown>;

interface Target {
  machine: Machine;
  signal: AbortSignal;
  /** Runs what changes the machine. */
  act: Act;
  beforeWrite(): Promise<void>;
}

/** What a machine has of a timer. */
export interface Timer {
  texts: ReadonlyMap<string, string>;
  facts: ReadonlyMap<string, FileFacts>;
  /** Enabled, and waiting for its time. */
  isOn: boolean;
  /** systemd has read the files since they were written. */
  isLoaded: boolean;
}

const rights = { owner: "root", group: "root" };

/** Asks all at once. */
export async function lookAtTimer(
  machine: Machine,
  name: string,
  signal: AbortSignal,
): Promise<Timer> {
  const paths = pathsOf(name);
  const units = [timerOf(name), serviceOf(name)];
  const properties = "UnitFileState,ActiveState,NeedDaemonReload";
  const [facts, { stdout }, ...contents] = await Promise.all([
    machine.stat(paths, signal),
    machine.run(["systemctl", "show", `--property=${properties}`, ...units], {
      signal,
      looks: true,
    }),
    ...paths.map((path) => machine.read(path, signal)),
  ]);
  // A paragraph a unit.
  const [timer = ""] = stdout.split("\n\n");
  const says = (line: string) => timer.split("\n").includes(line);
  return {
    texts: new Map(
      contents.flatMap((content, index) =>
        content ? [[paths[index] ?? "", content.toString("utf8")]] : [],
      ),
    ),
    facts,
    isOn: says("UnitFileState=enabled") && says("ActiveState=active"),
    isLoaded: !/^NeedDaemonReload=yes$/m.test(stdout),
  };
}

/** Files are called by the name alone, which another site may have given, too. */
export function refuseOthersTimer(
  { texts }: Timer,
  { host }: ZfsDatasetInputs,
  owners: readonly (string | undefined)[],
): void {
  for (const [path, text] of texts) {
    const { owner } = parseFileMark(text);
    if (owner === undefined || owners.includes(owner)) continue;
    throw new UserError(
      `${path} on host "${host}" takes the snapshots of "${owner}". Choose another name`,
    );
  }
}

export async function installTimer(
  { machine, signal, act, beforeWrite }: Target,
  files: readonly UnitFile[],
  name: string,
  found: Timer,
): Promise<void> {
  const stale = files.filter((file) => !isExact(file, found));
  for (const { path, mode, content } of stale) {
    await beforeWrite();
    await machine.write(path, { content, mode, ...rights }, signal);
  }
  const isNew = stale.length > 0 || !found.isLoaded;
  if (!isNew && found.isOn) return;
  const timer = timerOf(name);
  await act(["systemctl", "daemon-reload"]);
  await act(["systemctl", "enable", "--now", timer]);
  // One that ran before goes on with its old times.
  if (isNew) await act(["systemctl", "restart", timer]);
}

/** Another's stays. */
export async function removeTimer(
  { machine, signal, act, beforeWrite }: Target,
  name: string,
  owner: string,
): Promise<void> {
  const { texts } = await lookAtTimer(machine, name, signal);
  const isMine = [...texts.values()].every((text) =>
    [owner, undefined].includes(parseFileMark(text).owner),
  );
  if (texts.size === 0 || !isMine) return;
  const timer = timerOf(name);
  if ([...texts.keys()].some((path) => path.endsWith(timer)))
    await act(["systemctl", "disable", "--now", timer]);
  // The timer's file last: as long as it is there, there is something to do.
  for (const path of pathsOf(name)) {
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
  const found = await lookAtTimer(machine, inputs.name, signal);
  const [script = "", , timer = ""] = pathsOf(inputs.name);
  const snapshots = parseFiles(found.texts.get(script), found.texts.get(timer));
  if (snapshots === undefined || !found.isOn || !found.isLoaded)
    return undefined;
  const files = filesOf(inputs, snapshots, guid);
  return files.every((file) => isExact(file, found)) ? snapshots : undefined;
}

function isExact(
  { path, mode, content }: UnitFile,
  { texts, facts }: Timer,
): boolean {
  const found = facts.get(path);
  return (
    found?.kind === "file" &&
    found.mode === mode &&
    found.owner === rights.owner &&
    found.group === rights.group &&
    texts.get(path) === content
  );
}
