import type { Counts, Disk, LinkErrors, Shelf } from "./facts";

/**
 * The class folders of which each link leads below /sys/devices, where a path
 * names what is above: ".../0000:01:00.0/host0/port-0:0/expander-0:0/
 * port-0:0:3/end_device-0:0:3/..." (scsi_transport_sas.c).
 */
export const classFolders = [
  "/sys/class/enclosure/",
  "/sys/class/sas_phy/",
  "/sys/block/",
];

/** Where something is behind an adapter. */
interface Place {
  hba: string;
  /** The nearest to the adapter first. */
  ports: string[];
  /** The last on the way. */
  expander?: string;
}

export interface Enclosure extends Place {
  /** Of its logical id. */
  attribute: string;
}

export interface Phy extends Place {
  /** "phy-0:0:3", of this boot. */
  name: string;
  number: number;
}

export interface SasTree {
  enclosures: Enclosure[];
  phys: Phy[];
  /** By the kernel's name. */
  disks: Map<string, Place>;
}

function placeOf(target: string): Place | undefined {
  const [, hba, rest] =
    /([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])\/host\d+\/(.*)$/.exec(
      target,
    ) ?? [];
  if (hba === undefined || rest === undefined) return undefined;
  const names = rest.split("/");
  return {
    hba,
    ports: names.filter((name) => name.startsWith("port-")),
    expander: names.filter((name) => name.startsWith("expander-")).at(-1),
  };
}

export function sasTreeOf(found: ReadonlyMap<string, string>): SasTree {
  const tree: SasTree = { enclosures: [], phys: [], disks: new Map() };
  for (const [path, target] of found) {
    const place = placeOf(target);
    if (place === undefined) continue;
    const [, folder, name = ""] = /^(.*\/)([^/]+)$/.exec(path) ?? [];
    if (folder === "/sys/class/enclosure/")
      tree.enclosures.push({ ...place, attribute: `${path}/id` });
    else if (folder === "/sys/class/sas_phy/")
      tree.phys.push({ ...place, name, number: Number(/\d+$/.exec(name)) });
    else if (folder === "/sys/block/") tree.disks.set(name, place);
  }
  return tree;
}

const phyFolder = (name: string) => `/sys/class/sas_phy/${name}/device/`;
export const phyFolders = ({ phys }: SasTree): string[] =>
  phys.map(({ name }) => phyFolder(name));

/** A phy that leads somewhere has a link to its port. */
export function portsOf(
  { phys }: SasTree,
  found: ReadonlyMap<string, string>,
): Map<Phy, string> {
  return new Map(
    phys.flatMap((phy) => {
      const target = found.get(`${phyFolder(phy.name)}port`);
      const [port] = /[^/]+$/.exec(target ?? "") ?? [];
      return port === undefined ? [] : [[phy, port] as const];
    }),
  );
}

/** In the order in which SPL tells of a phy's errors. */
const counters: Record<string, keyof Counts> = {
  invalid_dword_count: "invalidDwords",
  running_disparity_error_count: "disparityErrors",
  loss_of_dword_sync_count: "lostSyncs",
  phy_reset_problem_count: "failedResets",
};

const counterPath = (name: string, counter: string) =>
  `/sys/class/sas_phy/${name}/${counter}`;

/** Each is a request to the expander: not of those that lead nowhere. */
export function counterPaths(ports: ReadonlyMap<Phy, string>): string[] {
  return [...ports.keys()].flatMap(({ name }) =>
    Object.keys(counters).map((counter) => counterPath(name, counter)),
  );
}

type Attribute = (path: string) => string | undefined;

/** One for each logical id: with two I/O modules the kernel has two for it. */
export function shelvesOf(
  { enclosures }: SasTree,
  ports: ReadonlyMap<Phy, string>,
  disks: readonly Disk[],
  attribute: Attribute,
): Shelf[] {
  const shelves = new Map<string, Shelf>();
  for (const { attribute: path, hba, ports: above } of enclosures) {
    const id = attribute(path);
    if (id === undefined) continue;
    const shelf = shelves.get(id) ?? {
      id,
      ways: [],
      disks: disksIn(id, disks),
    };
    shelves.set(id, shelf);
    const phys = [...ports]
      .filter(
        ([phy, port]) =>
          phy.hba === hba && phy.expander === undefined && port === above[0],
      )
      .map(([phy]) => phy.number);
    shelf.ways.push({ hba, phys: phys.sort((a, b) => a - b) });
  }
  for (const { ways } of shelves.values())
    ways.sort((a, b) => wayKey(a).localeCompare(wayKey(b)));
  return [...shelves.values()].sort((a, b) => a.id.localeCompare(b.id));
}

export function disksIn(
  id: string,
  disks: readonly Disk[],
): Record<string, string> {
  return Object.fromEntries(
    disks.flatMap(({ enclosure, slot, wwn }) =>
      enclosure === id && slot !== undefined ? [[slot, wwn]] : [],
    ),
  );
}

const wayKey = ({ hba, phys }: Shelf["ways"][number]) =>
  `${hba} ${String(phys[0] ?? "").padStart(3, "0")}`;

export function linkErrorsOf(
  { enclosures, disks }: SasTree,
  ports: ReadonlyMap<Phy, string>,
  /** By the kernel's name. */
  wwns: ReadonlyMap<string, string>,
  attribute: Attribute,
): LinkErrors[] {
  return [...ports]
    .flatMap(([{ name, hba, expander, number }, port]) => {
      const counts: Counts = {};
      for (const [counter, key] of Object.entries(counters)) {
        const value = Number(attribute(counterPath(name, counter)));
        if (value > 0) counts[key] = value;
      }
      if (Object.keys(counts).length === 0) return [];
      const shelf =
        expander && enclosures.find((item) => item.expander === expander);
      const [disk] =
        [...disks].find(([, place]) => place.ports.at(-1) === port) ?? [];
      return [
        {
          hba,
          shelf: shelf ? attribute(shelf.attribute) : expander,
          phy: number,
          disk: disk && wwns.get(disk),
          ...counts,
        },
      ];
    })
    .sort((a, b) => linkKey(a).localeCompare(linkKey(b)));
}

/** What stays the same over boots. */
export const linkKey = ({ hba, shelf = "", phy }: LinkErrors): string =>
  `${hba} ${shelf} ${String(phy).padStart(3, "0")}`;
