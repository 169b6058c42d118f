import { bare } from "./disks";
import type { Disk, Facts, Shelf, Way } from "./facts";
import type { Expected } from "./model";

type Wanted = NonNullable<Expected["enclosures"]>[number];

/** A card's external port in the manifest's words. */
export interface Port {
  card: string;
  port: number;
}

/** Where things are, in the manifest's words where it has some. */
export interface Places {
  /** As found, named where the manifest knows it. */
  shelves: Shelf[];
  find(shelf: string): Shelf | undefined;
  /** The ports that a way takes: two cables to one I/O module are one wide way. */
  portsOf(way: Way): Port[];
  /** Undefined: which of several cards alike is meant is not known. */
  address(card: string): string | undefined;
  /** 'card "hba1" port 0' */
  way(way: Way): string;
  /** "shelf shelf1 slot 0" */
  place(disk: Pick<Disk, "enclosure" | "slot"> | undefined): string;
  /** 'shelf shelf1 slot 0: disk "shelf1:0" (WWN ...)' */
  disk(wwn: string, serial: string): string;
}

export function placesOf(
  expected: Expected,
  facts: Pick<Facts, "pci" | "disks" | "shelves">,
): Places {
  const { cards = [], disks: wanted = [], enclosures = [] } = expected;
  const address = (name: string) => {
    const card = cards.find((item) => item.name === name);
    if (card?.address !== undefined) return card.address;
    const such = facts.pci.filter(({ id }) => id === card?.id);
    return such.length === 1 ? such[0]?.address : undefined;
  };
  const portsOf = ({ hba, phys }: Way): Port[] =>
    cards
      .filter(({ name }) => address(name) === hba)
      .flatMap(({ name, ports = [] }) =>
        ports.flatMap((own, port) =>
          own.some((phy) => phys.includes(phy)) ? [{ card: name, port }] : [],
        ),
      );
  const shelves = named(enclosures, expected, facts.shelves, portsOf);
  const place: Places["place"] = (disk) => {
    if (disk?.enclosure === undefined) return "outside of any shelf";
    const shelf = shelves.find(({ id }) => id === disk.enclosure);
    return `shelf ${shelf?.name ?? disk.enclosure} slot ${disk.slot ?? "unknown"}`;
  };
  return {
    shelves,
    find: (name) => shelves.find((shelf) => shelf.name === name),
    portsOf,
    address,
    way: (way) => {
      const ports = portsOf(way).map(portText).join(" and ");
      return ports || `PCI ${way.hba} phy ${way.phys.join(", ") || "unknown"}`;
    },
    place,
    disk: (wwn, serial) => {
      const known = wanted.find((item) => bare(item.wwn) === wwn);
      const disk = facts.disks.find((item) =>
        wwn ? item.wwn === wwn : item.serial === serial,
      );
      const name = known ? `"${known.name}"` : `${disk?.model} ${serial}`;
      return `${place(disk)}: disk ${name} (${wwn ? `WWN ${known?.wwn ?? wwn}` : "without a WWN"})`;
    },
  };
}

export const portText = ({ card, port }: Port) => `card "${card}" port ${port}`;

/**
 * By its id where the manifest has one; else the one that most of its disks
 * are in; else, where no disk tells, the one at its cable.
 */
function named(
  enclosures: readonly Wanted[],
  { disks = [] }: Expected,
  found: readonly Shelf[],
  portsOf: Places["portsOf"],
): Shelf[] {
  const names = new Map<Shelf, string>();
  const free = () => found.filter((shelf) => !names.has(shelf));
  const open = () =>
    enclosures.filter(
      ({ id, name }) => id === undefined && ![...names.values()].includes(name),
    );
  for (const { id, name } of enclosures) {
    const shelf = id && found.find((item) => bare(item.id) === bare(id));
    if (shelf) names.set(shelf, name);
  }
  const counts = open().flatMap(({ name }) =>
    free().map((shelf) => {
      const inside = Object.values(shelf.disks);
      const count = disks.filter(
        ({ enclosure, wwn }) =>
          enclosure === name && inside.includes(bare(wwn)),
      ).length;
      return { name, shelf, count };
    }),
  );
  for (const { name, shelf, count } of counts.sort((a, b) => b.count - a.count))
    if (
      count > 0 &&
      !names.has(shelf) &&
      open().some((item) => item.name === name)
    )
      names.set(shelf, name);
  for (const { name, ways = [] } of open()) {
    const at = free().filter((shelf) =>
      shelf.ways
        .flatMap(portsOf)
        .some((port) => ways.some((way) => same(way, port))),
    );
    if (at.length === 1 && at[0]) names.set(at[0], name);
  }
  return found.map((shelf) => ({ ...shelf, name: names.get(shelf) }));
}

export const same = (a: Port, b: Port): boolean =>
  a.card === b.card && a.port === b.port;
