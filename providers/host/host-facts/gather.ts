import type { Machine, Words } from "../client";
import { lsblk, mergeDisks, parseDisks, slotFolders, slotsOf } from "./disks";
import type { Facts } from "./facts";
import { driverLines, hbasOf, hostPaths, hostsOf } from "./hbas";
import { parseMemory } from "./memory";
import { linkPaths, parsePci, withLinks } from "./pci";
import { packages, versionPaths, versionsOf } from "./versions";

/** Seven commands, however many cards and disks there are. */
export async function gather(
  machine: Machine,
  signal: AbortSignal,
): Promise<Facts> {
  const look = async (words: Words, codes: readonly number[] = [0]) =>
    (await machine.run(words, { signal, codes, looks: true })).stdout;
  const [cards, blocks, modules, installed] = await Promise.all([
    look(["lspci", "-Dvmmnnk"]),
    look(lsblk),
    // Without a table of the firmware's it ends with 1, and says so.
    look(["dmidecode", "--type", "17"], [0, 1]),
    // Ends with 1 when the package is not there.
    look(packages, [0, 1]),
  ]);
  const pci = parsePci(cards);
  const disks = parseDisks(blocks);
  const links = pairs(
    // Ends with 1 when a folder is not there: no SCSI, no shelf.
    await look(
      [
        "find",
        "/sys/class/scsi_host/",
        ...slotFolders(disks),
        ..."-mindepth 1 -maxdepth 1 -type l".split(" "),
        ..."( -name host* -o -name enclosure_device:* )".split(" "),
        "-printf",
        "%p\\0%l\\0",
      ],
      [0, 1],
    ),
  );
  const [hosts, slots] = [hostsOf(links), slotsOf(links)];
  const paths = [
    ...versionPaths,
    ...linkPaths(pci),
    ...hostPaths(hosts),
    ...slots.flatMap(({ id, number }) => [id, number]),
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
  return {
    pci: pci.map((device) => withLinks(device, first)),
    hbas: hbasOf(hosts, first, log),
    disks: mergeDisks(disks, slots, first),
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

/** The lines of each file that is there; many have none of the attributes. */
export async function attributes(
  look: (words: Words, codes: readonly number[]) => Promise<string>,
  paths: readonly string[],
): Promise<Map<string, string[]>> {
  const text = await look(
    ["grep", "--null", "--with-filename", "--no-messages", "--", "", ...paths],
    [0, 1, 2],
  );
  const found = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [path, value] = line.split("\0");
    if (path === undefined || value === undefined) continue;
    found.set(path, [...(found.get(path) ?? []), value]);
  }
  return found;
}
