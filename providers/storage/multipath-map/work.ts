import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import { HostError } from "../../host/client/errors";
import type { Words } from "../../host/client/machine";
import type { Place } from "../place";
import { type MultipathState, parseMaps, shortOf } from "./maps";
import type { MultipathMapInputs, MultipathMapOutputs } from "./model";
import {
  type Mark,
  parseMark,
  parseWwids,
  render,
  settingsFile,
  wwidsFile,
} from "./settings";
import { refuseRaw, refuseUsed, type Usage, usageOf } from "./usage";

const pauseMs = 1_000;

export async function readText(
  { machine, signal }: Place,
  path: string,
): Promise<string | undefined> {
  return (await machine.read(path, signal))?.toString("utf8");
}

export async function listed(place: Place): Promise<string[]> {
  return parseWwids((await readText(place, wwidsFile)) ?? "");
}

export async function showMaps({
  machine,
  signal,
}: Place): Promise<MultipathState[]> {
  const words: Words = ["multipathd", "show", "maps", "json"];
  try {
    const { stdout } = await machine.run(words, { signal, looks: true });
    return parseMaps(stdout);
  } catch (error) {
    if (!(error instanceof HostError) || error.kind !== "exit") throw error;
    throw new UserError(
      `${error.message}. Install multipath-tools there and have its daemon run ("systemctl enable --now multipathd")`,
    );
  }
}

async function act(
  { machine, signal, operation }: Place,
  ...words: [string, ...string[]]
): Promise<void> {
  await operation.beforeWrite();
  await machine.run(words, { signal });
}

async function writeSettings(
  place: Place,
  content: string | undefined,
): Promise<void> {
  const { machine, signal, operation } = place;
  if ((await readText(place, settingsFile)) === content) return;
  await operation.beforeWrite();
  if (content === undefined) return machine.remove(settingsFile, signal);
  const folder = settingsFile.slice(0, settingsFile.lastIndexOf("/"));
  if (!(await machine.stat([folder], signal)).has(folder))
    await act(place, "mkdir", "--parents", folder);
  const rights = { owner: "root", group: "root", mode: "0644" };
  await machine.write(settingsFile, { content, ...rights }, signal);
}

/** Lists what is missing, takes away what `mark` says that we had listed. */
export async function apply(
  place: Place,
  inputs: MultipathMapInputs,
  mark: Mark,
): Promise<void> {
  const { host, wwids } = inputs;
  const usage = await usageOf(place);
  await showMaps(place);
  const absent = wwids.filter((wwid) => !usage.has(wwid));
  if (absent.length > 0) {
    throw new UserError(
      `host "${host}" sees no disk ${absent.join(", ")}. Look at the cabling ("lsblk -S -o NAME,WWN" lists what it sees)`,
    );
  }
  refuseRaw(wwids, usage, host);
  const gone = mark.added.filter((wwid) => !wwids.includes(wwid));
  refuseUsed(gone, usage, host);
  const known = await listed(place);
  const missing = wwids.filter((wwid) => !known.includes(wwid));
  const added = new Set([...mark.added, ...missing]);
  // Before the list: whatever happens then, this says what of it is ours.
  await writeSettings(place, render(inputs, mark.adopted, [...added]));
  for (const wwid of missing)
    await act(place, "multipath", "-a", deviceOf(wwid, usage));
  await unlist(place, gone, usage);
  await writeSettings(
    place,
    render(
      inputs,
      mark.adopted,
      [...added].filter((wwid) => !gone.includes(wwid)),
    ),
  );
  await act(place, "multipathd", "reconfigure");
}

/** Takes WWIDs out of the list, and then their maps: the daemon would make them again. */
export async function unlist(
  place: Place,
  wwids: readonly string[],
  usage: ReadonlyMap<string, Usage>,
): Promise<void> {
  const known = await listed(place);
  for (const wwid of wwids) {
    if (known.includes(wwid))
      await act(place, "multipath", "-w", deviceOf(wwid, usage));
    if (usage.get(wwid)?.hasMap) await act(place, "multipath", "-f", wwid);
  }
}

export async function withdraw(
  place: Place,
  { host }: MultipathMapInputs,
  mark: Mark,
): Promise<void> {
  const usage = await usageOf(place);
  refuseUsed(mark.added, usage, host);
  await unlist(place, mark.added, usage);
  await writeSettings(place, undefined);
  await act(place, "multipathd", "reconfigure");
}

/** One path of the disk; its WWID where none is left. */
function deviceOf(wwid: string, usage: ReadonlyMap<string, Usage>): string {
  return usage.get(wwid)?.paths[0] ?? wwid;
}

/** Until each disk is there by all of its paths. */
export async function complete(
  place: Place,
  { host, wwids, paths = 2 }: MultipathMapInputs,
  patienceMs: number,
): Promise<MultipathMapOutputs["maps"]> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const maps = await showMaps(place);
    const short = wwids.flatMap((wwid) => {
      const map = maps.find((item) => item.wwid === wwid);
      return shortOf(wwid, map, paths) ?? [];
    });
    if (short.length === 0) return mapsOf(wwids, maps);
    if (Date.now() > until) {
      throw new UserError(
        `on host "${host}" ${short.join("; ")}. Look at cables and HBAs ("multipath -ll", "journalctl -u multipathd"), or declare fewer paths`,
      );
    }
    try {
      await sleep(pauseMs, undefined, { signal: place.signal });
    } catch {
      const { message } = place.signal.reason as Error;
      throw new UserError(`${message}: on host "${host}" ${short.join("; ")}`);
    }
  }
}

export function mapsOf(
  wwids: readonly string[],
  maps: readonly MultipathState[],
): MultipathMapOutputs["maps"] {
  return Object.fromEntries(
    maps
      .filter(({ wwid }) => wwids.includes(wwid))
      .map(({ wwid, paths }) => [
        wwid,
        {
          device: `/dev/mapper/${wwid}`,
          paths: Object.fromEntries(
            paths.map(({ device, state }) => [device, state]),
          ),
        },
      ]),
  );
}

export async function readMark(place: Place): Promise<Mark | undefined> {
  const text = await readText(place, settingsFile);
  return text === undefined ? undefined : parseMark(text);
}
