import { bare } from "./disks";
import type { Facts, Shelf } from "./facts";
import type { Expected } from "./model";
import { type Places, type Port, portText, same } from "./places";

type Wanted = NonNullable<Expected["enclosures"]>[number];

/** Which shelves are there, and whether each hangs where the manifest has its cables. */
export function shelfFindings(
  wanted: readonly Wanted[],
  expected: Expected,
  facts: Facts,
  places: Places,
): string[] {
  const known = wanted.flatMap((item) => {
    const shelf = places.find(item.name);
    return shelf
      ? [
          ...wayFindings(item, shelf, places),
          ...laneFindings(shelf, expected, places),
        ]
      : [missing(item, expected, facts, places)];
  });
  const unknown = places.shelves
    .filter(({ name }) => name === undefined)
    .map(
      ({ id, ways }) =>
        `shelf ${id}: is at ${ways.map(places.way).join(" and ")}, and the manifest knows nothing of it`,
    );
  return [...known, ...unknown];
}

function missing(
  { name, id, ways = [] }: Wanted,
  { disks = [] }: Expected,
  facts: Facts,
  places: Places,
): string {
  const own = disks.filter(({ enclosure }) => enclosure === name);
  const there = seenOf(own, facts);
  const elsewhere = places.shelves.filter((shelf) =>
    there.some(({ wwn }) => Object.values(shelf.disks).includes(bare(wwn))),
  );
  if (elsewhere.length > 0) {
    const others = elsewhere.map((shelf) => shelf.name ?? shelf.id).join(", ");
    return `shelf ${name}: is not there${id ? ` by its id ${id}` : ""}, and disks of it are in shelf ${others}: look which shelf is which`;
  }
  if (there.length > 0)
    return `shelf ${name}: does not tell of itself, though ${there.length} of its disks are there: load the kernel's module "ses", else nobody knows what is in which slot`;
  const cables = ways.map(portText).join(" and ");
  const lost = own.length > 0 ? `, and none of its ${own.length} disks is` : "";
  return `shelf ${name}: is not there${lost}: look at its power${cables ? `, and at the cable of ${cables}` : ""}`;
}

/** Those that are there, wherever. */
export function seenOf<Disk extends { wwn: string }>(
  disks: readonly Disk[],
  facts: Facts,
): Disk[] {
  const found = new Set(facts.disks.map(({ wwn }) => wwn));
  return disks.filter(({ wwn }) => found.has(bare(wwn)));
}

function wayFindings(
  { name, ways }: Wanted,
  shelf: Shelf,
  places: Places,
): string[] {
  // Which of two cards alike is which, the manifest must say by their address.
  if (ways?.some(({ card }) => places.address(card) === undefined)) return [];
  if (ways === undefined) return [];
  const found = shelf.ways.flatMap((way): { port?: Port; text: string }[] => {
    const ports = places.portsOf(way);
    return ports.length > 0
      ? ports.map((port) => ({ port, text: portText(port) }))
      : [{ text: places.way(way) }];
  });
  const lost = ways.filter(
    (way) => !found.some(({ port }) => port && same(port, way)),
  );
  const more = found.filter(
    ({ port }) => !port || !ways.some((way) => same(port, way)),
  );
  const [from, to] = [more[0], lost[0]];
  if (from && to && more.length === 1 && lost.length === 1)
    return [
      `shelf ${name}: is at ${from.text}, and its cable belongs into ${portText(to)}`,
    ];
  return [
    ...lost.map(
      (way) =>
        `shelf ${name}: nothing leads to it from ${portText(way)}: look at that cable, and at the shelf's I/O module`,
    ),
    ...more.map(
      ({ text }) =>
        `shelf ${name}: is at ${text} too, where the manifest has no cable: each of its disks is there once more`,
    ),
  ];
}

function laneFindings(
  shelf: Shelf,
  { cards = [] }: Expected,
  places: Places,
): string[] {
  return shelf.ways.flatMap((way) =>
    places.portsOf(way).flatMap(({ card, port }) => {
      const all = cards.find(({ name }) => name === card)?.ports?.[port] ?? [];
      const up = all.filter((phy) => way.phys.includes(phy));
      return up.length === all.length
        ? []
        : [
            `shelf ${shelf.name}: ${up.length} of the ${all.length} lanes of ${portText({ card, port })} are up: look at the cable, and at both its plugs`,
          ];
    }),
  );
}
