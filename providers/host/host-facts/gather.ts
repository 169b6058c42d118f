import { setMaxListeners } from "node:events";
import type { Machine } from "../client";
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
import { attributes, foundIn, linkTests, lookOn } from "./sysfs";
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
  const look = lookOn(machine, signal);
  const [cards, blocks, modules, installed, devices] = await Promise.all([
    look(["lspci", "-Dvmmnnk"]),
    look(lsblk),
    // Without a table of the firmware's it ends with 1, and says so.
    look(["dmidecode", "--type", "17"], [0, 1]),
    // Ends with 1 when the package is not there.
    look(packages, [0, 1]),
    foundIn(look, classFolders, linkTests),
  ]);
  const pci = parsePci(cards);
  const diskPaths = parseDisks(blocks);
  const tree = sasTreeOf(devices);
  const asked = healthOf(machine, diskPaths, signal);
  // Another error may come before anybody waits for it.
  asked.catch(() => undefined);
  const links = await foundIn(
    look,
    [...slotFolders(diskPaths), ...phyFolders(tree)],
    `${linkTests} ( -name enclosure_device:* -o -name port )`,
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
