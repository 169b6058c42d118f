import { cardFindings } from "./card-findings";
import { diskFindings } from "./disk-findings";
import type { Facts, MemoryModule, Versions } from "./facts";
import { type Before, healthFindings, linkFindings } from "./health-findings";
import { firmwareFindings } from "./known-firmware";
import type { Expected } from "./model";
import { placesOf } from "./places";
import { shelfFindings } from "./shelf-findings";

/** A sentence for each difference, with the place that it is at first. */
export function findingsOf(
  expected: Expected,
  facts: Facts,
  before: Before,
): string[] {
  const { cards = [], memory, disks, enclosures, versions = {} } = expected;
  const places = placesOf(expected, facts);
  return [
    ...cardFindings(cards, facts),
    ...firmwareFindings(facts),
    ...(memory ? memoryFindings(memory, facts.memory) : []),
    ...(enclosures ? shelfFindings(enclosures, expected, facts, places) : []),
    ...(disks ? diskFindings(disks, expected, facts, places) : []),
    ...healthFindings(facts, before, places),
    ...linkFindings(facts, before, places),
    ...versionFindings(versions, facts.versions),
  ];
}

type Wanted<Area extends keyof Expected> = NonNullable<Expected[Area]>;

const gibibyte = 2 ** 30;
const size = (bytes: number) => `${+(bytes / gibibyte).toFixed(1)} GiB`;
const describe = ({ sizeBytes, type, kind }: Partial<MemoryModule>) =>
  [size(sizeBytes ?? 0), type, kind].filter(Boolean).join(" ");

function memoryFindings(
  wanted: Wanted<"memory">,
  found: MemoryModule[] | undefined,
): string[] {
  if (found === undefined)
    return [
      "memory: the firmware tells of no modules, so nothing is known of them (dmidecode --type 17)",
    ];
  const free = [...found];
  const take = (at: number) => (at < 0 ? undefined : free.splice(at, 1)[0]);
  const findings: string[] = [];
  const bySocket = (item: Wanted<"memory">[number]) =>
    item.locator === undefined ? 1 : 0;
  for (const item of [...wanted].sort((a, b) => bySocket(a) - bySocket(b))) {
    const { locator } = item;
    const module = locator
      ? take(free.findIndex((other) => other.locator === locator))
      : (take(
          free.findIndex(
            (other) => moduleDifferences(item, other).length === 0,
          ),
        ) ??
        take(free.findIndex(({ sizeBytes }) => sizeBytes === item.sizeBytes)));
    const place = `memory socket ${locator ?? module?.locator}`;
    if (module === undefined) {
      findings.push(
        `${locator ? place : "memory"}: no module, expected ${describe(item)}`,
      );
      continue;
    }
    for (const text of moduleDifferences(item, module))
      findings.push(`${place}: ${text}`);
  }
  for (const module of free)
    findings.push(
      `memory socket ${module.locator}: ${describe(module)}, of which the manifest knows nothing`,
    );
  return findings;
}

function moduleDifferences(
  wanted: Wanted<"memory">[number],
  found: MemoryModule,
): string[] {
  const differences: string[] = [];
  if (wanted.sizeBytes !== found.sizeBytes)
    differences.push(
      `a module of ${size(found.sizeBytes)}, expected ${size(wanted.sizeBytes)}`,
    );
  for (const key of ["type", "kind"] as const)
    if (wanted[key] !== undefined && wanted[key] !== found[key])
      differences.push(
        `${key} is ${found[key] ?? "unknown"}, expected ${wanted[key]}`,
      );
  if (wanted.ecc !== undefined && wanted.ecc !== found.ecc)
    differences.push(
      found.ecc === undefined
        ? "ECC is unknown"
        : `${found.ecc ? "has" : "has no"} ECC, expected ${wanted.ecc ? "with" : "without"}`,
    );
  const speed = found.configuredSpeed ?? found.speed;
  if (wanted.speed !== undefined && !(Number(speed) >= wanted.speed))
    differences.push(
      `runs at ${speed ?? "an unknown number of"} MT/s, expected ${wanted.speed}`,
    );
  return differences;
}

function versionFindings(wanted: Partial<Versions>, found: Versions): string[] {
  return (["distribution", "kernel", "zfs", "pve"] as const).flatMap((key) => {
    const [want, has] = [wanted[key], found[key]];
    if (want === undefined) return [];
    if (has === undefined) return [`${key}: is not there, expected ${want}`];
    const rest = has.startsWith(want) ? has.slice(want.length) : "0";
    // "6.1" is not met by 6.17.
    return /^\d/.test(rest) ? [`${key}: is ${has}, expected ${want}`] : [];
  });
}
