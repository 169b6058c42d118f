import { bare } from "./disks";
import type { Disk, Facts } from "./facts";
import type { Expected } from "./model";
import type { Places } from "./places";
import { seenOf } from "./shelf-findings";

type Wanted = NonNullable<Expected["disks"]>[number];

export function diskFindings(
  wanted: readonly Wanted[],
  expected: Expected,
  facts: Facts,
  places: Places,
): string[] {
  const found = facts.disks;
  const shifted = shiftedShelves(wanted, found, places);
  const rest = new Set(found);
  const findings = wanted.flatMap((item) => {
    const disk = found.find((other) => other.wwn === bare(item.wwn));
    if (disk === undefined) {
      if (isLostWithShelf(item, wanted, facts, places)) return [];
      const place =
        item.enclosure === undefined
          ? "disks"
          : `shelf ${item.enclosure} slot ${item.slot ?? "unknown"}`;
      return [`${place}: disk "${item.name}" (WWN ${item.wwn}) is not there`];
    }
    rest.delete(disk);
    const say = (text: string) =>
      `${places.place(disk)}: disk "${item.name}" (WWN ${item.wwn}) ${text}`;
    return [
      ...valueDifferences(item, disk),
      ...placeDifferences(item, disk, shifted, places),
      ...pathDifferences(item, disk, expected, places),
    ].map(say);
  });
  const { disksWithoutWwn = 0 } = expected;
  const unnamed = [...rest]
    .filter(({ enclosure }) => enclosure === undefined)
    .slice(0, disksWithoutWwn);
  for (const disk of unnamed) rest.delete(disk);
  const lost = disksWithoutWwn - unnamed.length;
  const fewer =
    lost > 0
      ? [
          `disks: ${lost} of the ${disksWithoutWwn} whose WWN the manifest does not tell ${lost === 1 ? "is" : "are"} not there`,
        ]
      : [];
  const unknown = [...rest].map(
    (disk) =>
      `${places.place(disk)}: disk ${disk.model} ${disk.serial} (${disk.wwn ? `WWN ${disk.wwn}` : "without a WWN"}), of which the manifest knows nothing`,
  );
  const moved = [...shifted].map(
    ([name, by]) =>
      `shelf ${name}: each of its disks sits ${Math.abs(by)} slot${Math.abs(by) === 1 ? "" : "s"} ${by > 0 ? "above" : "below"} the manifest's: write the bays as the shelf itself counts them`,
  );
  return [...moved, ...findings, ...fewer, ...unknown];
}

/** Told once, with the shelf. */
function isLostWithShelf(
  { enclosure }: Wanted,
  wanted: readonly Wanted[],
  facts: Facts,
  places: Places,
): boolean {
  if (enclosure === undefined || places.find(enclosure)) return false;
  const own = wanted.filter((item) => item.enclosure === enclosure);
  return seenOf(own, facts).length === 0;
}

/** One slot may be an error, all by the same number is another way to count. */
export function shiftedShelves(
  wanted: readonly Wanted[],
  found: readonly Disk[],
  places: Places,
): Map<string, number> {
  const all = new Map<string, (number | undefined)[]>();
  for (const { wwn, enclosure, slot } of wanted) {
    const disk = found.find((other) => other.wwn === bare(wwn));
    const shelf = enclosure && places.find(enclosure);
    if (!shelf || disk?.enclosure !== shelf.id || slot === undefined) continue;
    const by = disk.slot === undefined ? undefined : disk.slot - slot;
    all.set(enclosure, [...(all.get(enclosure) ?? []), by]);
  }
  return new Map(
    [...all].flatMap(([name, shifts]) => {
      const [by] = shifts;
      const isSame = shifts.every((other) => other === by);
      return by && isSame && shifts.length >= 3 ? [[name, by] as const] : [];
    }),
  );
}

function valueDifferences(item: Wanted, disk: Disk): string[] {
  const differences: string[] = [];
  for (const key of ["serial", "model"] as const)
    if (item[key] !== undefined && item[key] !== disk[key])
      differences.push(
        `has ${key} ${disk[key] || "unknown"}, expected ${item[key]}`,
      );
  if (item.sizeBytes !== undefined && item.sizeBytes !== disk.sizeBytes)
    differences.push(`has ${disk.sizeBytes} bytes, expected ${item.sizeBytes}`);
  return differences;
}

function placeDifferences(
  { enclosure, slot }: Wanted,
  disk: Disk,
  shifted: ReadonlyMap<string, number>,
  places: Places,
): string[] {
  const shelf = enclosure === undefined ? undefined : places.find(enclosure);
  // Of a shelf that does not tell of itself, that is told.
  if (enclosure !== undefined && !shelf && disk.enclosure === undefined)
    return [];
  const isInOther = enclosure !== undefined && disk.enclosure !== shelf?.id;
  const by = (enclosure !== undefined && shifted.get(enclosure)) || 0;
  const isInOtherSlot = slot !== undefined && slot + by !== disk.slot;
  return isInOther || isInOtherSlot
    ? [
        `belongs into ${enclosure ? `shelf ${enclosure} ` : ""}slot ${slot ?? "unknown"}`,
      ]
    : [];
}

function pathDifferences(
  { enclosure, paths }: Wanted,
  disk: Disk,
  { enclosures = [] }: Expected,
  places: Places,
): string[] {
  if (paths === undefined || paths === disk.paths) return [];
  const shelf = places.shelves.find(({ id }) => id === disk.enclosure);
  const ways = enclosures.find(({ name }) => name === enclosure)?.ways;
  // Where the shelf has more ways or fewer, so has each of its disks: told once.
  const isTold = ways && shelf && ways.length !== shelf.ways.length;
  if (isTold && shelf.ways.length === disk.paths) return [];
  return [`is reached by ${disk.paths} paths, expected ${paths}`];
}
