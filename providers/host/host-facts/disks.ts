import { z } from "zod";
import type { Disk } from "./facts";

export const lsblk = [
  "lsblk",
  "--json",
  "--bytes",
  "--nodeps",
  "--output",
  "NAME,TYPE,SIZE,MODEL,SERIAL,WWN",
] as const;

const listing = z.object({
  blockdevices: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      /** A text in old versions. */
      size: z.union([z.number(), z.string()]),
      model: z.string().nullable(),
      serial: z.string().nullable(),
      wwn: z.string().nullable(),
    }),
  ),
});

/** One way to a disk: with two of them the kernel has two devices for it. */
export interface DiskPath extends Omit<Disk, "paths" | "enclosure" | "slot"> {
  /** The kernel's, of this boot. */
  device: string;
}

export function parseDisks(text: string): DiskPath[] {
  return listing
    .parse(JSON.parse(text))
    .blockdevices.filter(({ name, type }) => type === "disk" && !virtual(name))
    .map(({ name, size, model, serial, wwn }) => ({
      wwn: bare(wwn ?? ""),
      serial: (serial ?? "").trim(),
      model: (model ?? "").trim(),
      sizeBytes: Number(size),
      device: name,
    }));
}

/** A zvol, a RAM disk and the like are disks to lsblk. */
function virtual(name: string): boolean {
  return /^(zd|ram|zram|nbd|loop|rbd|drbd)\d/.test(name);
}

export function bare(wwn: string): string {
  return wwn.toLowerCase().replace(/^0x/, "");
}

const links = (device: string) => `/sys/block/${device}/device/`;

export function slotFolders(disks: readonly DiskPath[]): string[] {
  return disks.map(({ device }) => links(device));
}

/** Of a link "enclosure_device:Slot 01": where the shelf has its id and the slot its number. */
export interface Slot {
  folder: string;
  id: string;
  number: string;
  name: string;
}

/** `found` is each link with what it leads to. */
export function slotsOf(found: ReadonlyMap<string, string>): Slot[] {
  return [...found].flatMap(([path, target]) => {
    const [, enclosure, name] =
      /\/enclosure\/([^/]+)\/([^/]+)$/.exec(target) ?? [];
    const [, folder] = /^(.*\/)enclosure_device:[^/]*$/.exec(path) ?? [];
    if (!enclosure || !name || !folder) return [];
    const at = `/sys/class/enclosure/${enclosure}`;
    return [{ folder, id: `${at}/id`, number: `${at}/${name}/slot`, name }];
  });
}

/** The ways to one disk together; the slot is the same on each. */
export function mergeDisks(
  paths: readonly DiskPath[],
  slots: readonly Slot[],
  attribute: (path: string) => string | undefined,
): Disk[] {
  const disks = new Map<string, Disk>();
  for (const [index, { device, ...path }] of paths.entries()) {
    // Nothing else tells that two devices are one disk.
    const key = path.wwn || `${index}`;
    const slot = slots.find(({ folder }) => folder === links(device));
    const place = slot && {
      enclosure: attribute(slot.id),
      slot: numberOf(attribute(slot.number) ?? slot.name),
    };
    const known = disks.get(key);
    disks.set(key, {
      ...path,
      ...known,
      ...place,
      paths: (known?.paths ?? 0) + 1,
    });
  }
  return [...disks.values()].sort((a, b) => a.wwn.localeCompare(b.wwn));
}

function numberOf(text: string): number | undefined {
  const [, digits] = /(\d+)\s*$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
