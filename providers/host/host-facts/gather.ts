import { setMaxListeners } from "node:events";
import type { Machine, Words } from "../client";
import { lsblk, mergeDisks, parseDisks, slotFolders, slotsOf } from "./disks";
import type { Facts } from "./facts";
import { driverLines, hbasOf, hostPaths, hostsOf } from "./hbas";
import { parseMemory } from "./memory";
import { linkPaths, parsePci, withLinks } from "./pci";
import {
  classFolders,
  counterPaths,
  linkErrorsOf,
  phyFolders,
  portsOf,
  sasTreeOf,
  shelvesOf,
} from "./sas";
import { healthOf } from "./smart";
import { packages, versionPaths, versionsOf } from "./versions";

/** Eight commands, more only where lines get too long, and one for each disk. */
export async function gather(
  machine: Machine,
  signal: AbortSignal,
): Promise<Facts> {
  const end = new AbortController();
  const all = AbortSignal.any([signal, end.signal]);
  // Each disk listens; Node would warn the user of a leak.
  setMaxListeners(0, all);
  try {
    return await lookAt(machine, all);
  } finally {
    // When one command fails no disk is asked any more.
    end.abort();
  }
}

async function lookAt(machine: Machine, signal: AbortSignal): Promise<Facts> {
  const look = async (words: Words, codes: readonly number[] = [0]) =>
    (await machine.run(words, { signal, codes, looks: true })).stdout;
  const linksIn = async (folders: readonly string[], names: string[] = []) => {
    const links = new Map<string, string>();
    for (const some of linesOf(folders)) {
      const text = await look(
        [
          "find",
          "/sys/class/scsi_host/",
          ...some,
          ..."-mindepth 1 -maxdepth 1 -type l".split(" "),
          ...names,
          "-printf",
          "%p\\0%l\\0",
        ],
        // Ends with 1 when a folder is not there: no SCSI, no shelf.
        [0, 1],
      );
      for (const [path, target] of pairs(text)) links.set(path, target);
    }
    return links;
  };
  const [cards, blocks, modules, installed, devices] = await Promise.all([
    look(["lspci", "-Dvmmnnk"]),
    look(lsblk),
    // Without a table of the firmware's it ends with 1, and says so.
    look(["dmidecode", "--type", "17"], [0, 1]),
    // Ends with 1 when the package is not there.
    look(packages, [0, 1]),
    linksIn(classFolders),
  ]);
  const pci = parsePci(cards);
  const diskPaths = parseDisks(blocks);
  const tree = sasTreeOf(devices);
  const asked = healthOf(machine, diskPaths, signal);
  // Another error may come before anybody waits for it.
  asked.catch(() => undefined);
  const links = await linksIn(
    [...slotFolders(diskPaths), ...phyFolders(tree)],
    "( -name enclosure_device:* -o -name port )".split(" "),
  );
  const [hosts, slots, ports] = [
    hostsOf(devices),
    slotsOf(links),
    portsOf(tree, links),
  ];
  const paths = [
    ...versionPaths,
    ...linkPaths(pci),
    ...hostPaths(hosts),
    ...slots.flatMap(({ id, number }) => [id, number]),
    ...tree.enclosures.map(({ attribute }) => attribute),
    ...counterPaths(ports),
  ];
  const [lines, log] = await Promise.all([
    attributes(look, [...new Set(paths)]),
    hosts.length === 0
      ? ""
      : look(
          [
            "journalctl",
            "--dmesg",
            "--no-pager",
            "--output=cat",
            `--grep=${driverLines}`,
          ],
          [0, 1],
        ),
  ]);
  const all = (path: string) => lines.get(path) ?? [];
  const first = (path: string) => lines.get(path)?.[0];
  const disks = mergeDisks(diskPaths, slots, first);
  const wwns = new Map(diskPaths.map(({ device, wwn }) => [device, wwn]));
  return {
    pci: pci.map((device) => withLinks(device, first)),
    hbas: hbasOf(hosts, first, log),
    disks,
    shelves: shelvesOf(tree, ports, disks, first),
    links: linkErrorsOf(tree, ports, wwns, first),
    health: await asked,
    memory: parseMemory(modules),
    versions: versionsOf(all, installed),
  };
}

/** Of what `find` prints with -printf "%p\\0%l\\0". */
export function pairs(text: string): Map<string, string> {
  const parts = text.split("\0");
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2)
    found.set(parts[at] ?? "", parts[at + 1] ?? "");
  return found;
}

/** What a packet of SSH may have at least (RFC 4253, 6.1), and so a command line, less some. */
const lineBytes = 24_000;

/** Paths that fit into a command line. */
function* linesOf(paths: readonly string[]): Generator<string[]> {
  let line: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    if (bytes + path.length > lineBytes) {
      yield line;
      [line, bytes] = [[], 0];
    }
    line.push(path);
    // With a blank, and quotes where it has blanks itself.
    bytes += path.length + 3;
  }
  if (line.length > 0) yield line;
}

/** The lines of each file that is there; many have none of the attributes. */
export async function attributes(
  look: (words: Words, codes: readonly number[]) => Promise<string>,
  paths: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const some of linesOf(paths)) {
    const text = await look(
      ["grep", "--null", "--with-filename", "--no-messages", "--", "", ...some],
      [0, 1, 2],
    );
    for (const line of text.split("\n")) {
      const [path, value] = line.split("\0");
      if (path === undefined || value === undefined) continue;
      found.set(path, [...(found.get(path) ?? []), value]);
    }
  }
  return found;
}
