import type { Configuration } from "../providers/dynamic/configuration";
import type { Machine } from "../providers/host/client";
import { connect } from "../providers/host/connection";
import { shiftedShelves } from "../providers/host/host-facts/disk-findings";
import { bare } from "../providers/host/host-facts/disks";
import { placesOf } from "../providers/host/host-facts/places";
import { disksIn } from "../providers/host/host-facts/sas";
import {
  findSlots,
  type Slots,
  slotFoldersOf,
  switchLight,
} from "../providers/host/slot-light";
import type { Site } from "../site";
import { disksOf, type FoundDisk } from "../site/hardware/disks";
import { expectedOf } from "../site/hardware/expected";
import { hostsOf } from "../site/hardware/sas";
import { suggest } from "../site/suggest";

/** A disk that somebody has named. */
export interface MeantDisk {
  /** Without "0x". */
  wwn?: string;
  /** Below /dev/disk/by-id, of a name that has no WWN in it. */
  byId?: string;
  /** Undefined: the manifest does not know it. */
  known?: FoundDisk;
}

const wwnForms = [
  /^(?:wwn-)?(?:0x)?([0-9a-f]{16}(?:[0-9a-f]{16})?)$/,
  /^(?:scsi-|dm-name-|dm-uuid-mpath-)?3([0-9a-f]{16}(?:[0-9a-f]{16})?)$/,
];

/** By its place, "shelf1:2", its WWN, or its name below /dev/disk/by-id. */
export function diskMeant(site: Site, word: string): MeantDisk {
  const disks = disksOf(site);
  const place = disks.get(word);
  if (place) return { wwn: place.wwn && bare(place.wwn), known: place };
  const name = word.replace(/^.*\//, "").replace(/-part\d+$/, "");
  const wwn = wwnForms
    .map((form) => form.exec(name.toLowerCase())?.[1])
    .find((found) => found !== undefined);
  if (wwn) {
    const known = [...disks.values()].find(
      (disk) => disk.wwn !== undefined && bare(disk.wwn) === wwn,
    );
    return { wwn, known };
  }
  if (/^(ata|scsi|nvme)-\w/.test(name)) return { byId: name };
  if (/^(sd[a-z]+|nvme\d+n\d+|dm-\d+)$/.test(name))
    throw new Error(
      `the kernel deals names like "${name}" anew at each boot. Name it by its place, its WWN or /dev/disk/by-id`,
    );
  throw new Error(
    `it is no place of a disk, no WWN and no name of /dev/disk/by-id${suggest(word, [...disks.keys()])}`,
  );
}

/** Lights the slot of a disk, or puts its light out; answers where it is. */
export async function locate(
  site: Site,
  configuration: Configuration,
  word: string,
  isOn: boolean,
  signal: AbortSignal,
): Promise<string> {
  const meant = diskMeant(site, word);
  const hosts = hostsToAsk(site, meant);
  for (const host of hosts) {
    const machine = connect({ configuration }, host);
    const slots = await findSlots(machine, signal);
    const seen = devicesOf(meant, slots);
    // Another host may see it; the last, or its own, finds its place without it.
    if (seen.length === 0 && !isPlaced(meant, slots)) continue;
    const place = await placeIn(site, host, machine, slots, meant, signal);
    await switchLight(machine, place.folders, isOn, signal);
    const light = isOn
      ? "Its light is on; --off puts it out."
      : "Its light is out.";
    return `${place.text} ${light}`;
  }
  throw new Error(
    `${hosts.join(", ")} ${hosts.length === 1 ? "sees" : "see"} no such disk, and the manifest has no slot for it. Look at "lsblk -o NAME,WWN,SERIAL" there`,
  );
}

function hostsToAsk({ hardware }: Site, { wwn, known }: MeantDisk): string[] {
  if (known?.host && wwn === undefined)
    throw new Error(
      `it is in host "${known.host}" itself, and the manifest has no WWN to find it by. Write its wwn there`,
    );
  if (known?.host) return [known.host];
  const shelves = hardware.shelves.map(({ name }) => name);
  const hosts = (known?.shelf ? [known.shelf] : shelves).flatMap((shelf) =>
    hostsOf(hardware, shelf),
  );
  if (hosts.length === 0)
    throw new Error(
      "the manifest's cabling leads from no host to a shelf that may have it. Complete hardware.cabling.sas",
    );
  return [...new Set(hosts)];
}

function devicesOf({ wwn, byId }: MeantDisk, { paths }: Slots): string[] {
  const words = (text: string) => text.trim().replace(/\s+/g, "_");
  return paths
    .filter((path) =>
      wwn ? path.wwn === wwn : byId?.endsWith(`_${words(path.serial)}`),
    )
    .map(({ device }) => device);
}

const isPlaced = ({ known }: MeantDisk, { shelves }: Slots): boolean =>
  known?.shelf !== undefined && shelves.length > 0;

interface Placed {
  folders: string[];
  text: string;
}

async function placeIn(
  site: Site,
  host: string,
  machine: Machine,
  slots: Slots,
  meant: MeantDisk,
  signal: AbortSignal,
): Promise<Placed> {
  const { disks } = slots;
  const shelves = [...new Set(slots.shelves.map(({ id }) => id))].map((id) => ({
    id,
    ways: [],
    disks: disksIn(id, disks),
  }));
  const expected = expectedOf(site, host) ?? { cards: [] };
  const places = placesOf(expected, { pci: [], disks, shelves });
  const { place, shelf = "", bay = 0 } = meant.known ?? {};
  // A shelf that counts from another number than the manifest does.
  const shift = shiftedShelves(expected.disks ?? [], disks, places);
  const wanted = {
    enclosure: places.find(shelf)?.id,
    slot: bay + (shift.get(shelf) ?? 0),
  };
  const name = place ?? meant.byId ?? meant.wwn;
  const [device, ...more] = devicesOf(meant, slots);
  if (device === undefined) {
    const { enclosure, slot } = wanted;
    if (enclosure === undefined)
      throw new Error(
        `host "${host}" does not see it, nor shelf "${shelf}". Look at the shelf's power and its cables`,
      );
    return {
      folders: await slotFoldersOf(machine, slots, enclosure, slot, signal),
      text: `Host ${host} does not see disk ${name}; the manifest has it in ${places.place(wanted)}.`,
    };
  }
  const path = slots.paths.find((item) => item.device === device);
  const disk = disks.find(({ wwn, serial }) =>
    path?.wwn ? wwn === path.wwn : serial === path?.serial,
  );
  const folders = [device, ...more].flatMap(
    (item) => slots.folders.get(item) ?? [],
  );
  if (disk === undefined || folders.length === 0)
    throw new Error(
      `host "${host}" sees it as /dev/${device}, and no shelf tells that it is in one. Look for its serial number, ${path?.serial}; disks of shelves without the kernel's module "ses" are such too`,
    );
  const isElsewhere =
    place !== undefined &&
    (disk.enclosure !== wanted.enclosure || disk.slot !== wanted.slot);
  return {
    folders,
    text: `Disk ${name} is in ${places.place(disk)} of host ${host}${isElsewhere ? ", and not where the manifest has it" : ""}.`,
  };
}
