import { setTimeout as sleep } from "node:timers/promises";
import { HostError, type Machine } from "./client";
import {
  type DiskPath,
  lsblk,
  mergeDisks,
  parseDisks,
  slotFolders,
  slotsOf,
} from "./host-facts/disks";
import type { Disk } from "./host-facts/facts";
import { attributes, foundIn, linkTests, lookOn } from "./host-facts/sysfs";

/** What of a machine's disks and shelves is to be known to light a slot. */
export interface Slots {
  /** Each device; with two ways to a disk it has two. */
  paths: DiskPath[];
  disks: Disk[];
  /** An I/O module of a shelf has a folder of its own: both have the same id. */
  shelves: { id: string; folder: string }[];
  /** The slot's folders, by the kernel's name of the device in it. */
  folders: Map<string, string>;
}

const enclosures = "/sys/class/enclosure/";

export async function findSlots(
  machine: Machine,
  signal: AbortSignal,
): Promise<Slots> {
  const look = lookOn(machine, signal);
  const paths = parseDisks(await look(lsblk));
  const folders = [enclosures, ...slotFolders(paths)];
  const found = await foundIn(look, folders, linkTests);
  const slots = slotsOf(found);
  const modules = [...found.keys()].filter((path) =>
    path.startsWith(enclosures),
  );
  const lines = await attributes(look, [
    ...new Set([
      ...modules.map((folder) => `${folder}/id`),
      ...slots.flatMap(({ id, number }) => [id, number]),
    ]),
  ]);
  const first = (path: string) => lines.get(path)?.[0];
  return {
    paths,
    disks: mergeDisks(paths, slots, first),
    shelves: modules.flatMap((folder) => {
      const id = first(`${folder}/id`);
      return id === undefined ? [] : [{ id, folder }];
    }),
    folders: new Map(
      slots.map(({ folder, number }) => [
        /^\/sys\/block\/([^/]+)\//.exec(folder)?.[1] ?? "",
        number.slice(0, number.lastIndexOf("/")),
      ]),
    ),
  };
}

/** Of a slot in which no disk is seen: by the number that the shelf gives it. */
export async function slotFoldersOf(
  machine: Machine,
  { shelves }: Slots,
  shelf: string,
  slot: number,
  signal: AbortSignal,
): Promise<string[]> {
  const look = lookOn(machine, signal);
  const modules = shelves.filter(({ id }) => id === shelf);
  const found = await foundIn(
    look,
    modules.map(({ folder }) => `${folder}/`),
    "-mindepth 2 -maxdepth 2 -type f -name slot",
  );
  const lines = await attributes(look, [...found.keys()]);
  return [...lines]
    .filter(([, [number]]) => Number(number) === slot)
    .map(([path]) => path.slice(0, path.lastIndexOf("/")));
}

const looks = 5;
const betweenMs = 400;

/**
 * Through one of the shelf's I/O modules. The kernel takes the order also for a
 * shelf that has no such light (drivers/misc/enclosure.c), so that only what is
 * read back afterwards tells.
 */
export async function switchLight(
  machine: Machine,
  folders: readonly string[],
  isOn: boolean,
  signal: AbortSignal,
): Promise<void> {
  const value = isOn ? "1" : "0";
  let why = "it tells of no slot's light";
  for (const folder of folders) {
    const path = `${folder}/locate`;
    try {
      await machine.run(["tee", path], { signal, stdin: value });
    } catch (error) {
      if (!(error instanceof HostError) || error.kind !== "exit") throw error;
      why = error.message;
      continue;
    }
    for (let look = 0; look < looks; look++) {
      const now = await machine.read(path, signal);
      if (now?.toString("utf8").trim() === value) return;
      await sleep(betweenMs, undefined, { signal });
    }
    why = `it took the order, and its light is ${isOn ? "not on" : "still on"}: it has none that can be ordered so`;
  }
  throw new Error(why);
}
