import { cardFindings } from "./card-findings";
import { bare } from "./disks";
import type { Disk, Facts, MemoryModule, Versions } from "./facts";
import { firmwareFindings } from "./known-firmware";
import type { Expected } from "./model";

/** A sentence for each difference, with the place that it is at first. */
export function findingsOf(expected: Expected, facts: Facts): string[] {
  const { cards = [], memory, disks, versions = {} } = expected;
  return [
    ...cardFindings(cards, facts),
    ...firmwareFindings(facts),
    ...(memory ? memoryFindings(memory, facts.memory) : []),
    ...(disks ? diskFindings(disks, expected, facts.disks) : []),
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

function diskFindings(
  wanted: Wanted<"disks">,
  { enclosures = [], disksWithoutWwn = 0 }: Expected,
  found: readonly Disk[],
): string[] {
  const shelf = (id: string | undefined) =>
    id === undefined
      ? undefined
      : (enclosures.find((item) => bare(item.id) === bare(id))?.name ?? id);
  const placeOf = (disk: Pick<Disk, "enclosure" | "slot">) =>
    disk.enclosure === undefined
      ? "outside of any shelf"
      : `shelf ${shelf(disk.enclosure)} slot ${disk.slot ?? "unknown"}`;
  const rest = new Set(found);
  const findings = wanted.flatMap((item) => {
    const disk = found.find((other) => bare(other.wwn) === bare(item.wwn));
    if (disk === undefined) {
      const place =
        item.enclosure === undefined
          ? "disks"
          : `shelf ${item.enclosure} slot ${item.slot ?? "unknown"}`;
      return [`${place}: disk "${item.name}" (WWN ${item.wwn}) is not there`];
    }
    rest.delete(disk);
    const say = (text: string) =>
      `${placeOf(disk)}: disk "${item.name}" (WWN ${item.wwn}) ${text}`;
    const differences: string[] = [];
    for (const key of ["serial", "model"] as const)
      if (item[key] !== undefined && item[key] !== disk[key])
        differences.push(
          say(`has ${key} ${disk[key] || "unknown"}, expected ${item[key]}`),
        );
    if (item.sizeBytes !== undefined && item.sizeBytes !== disk.sizeBytes)
      differences.push(
        say(`has ${disk.sizeBytes} bytes, expected ${item.sizeBytes}`),
      );
    const isElsewhere =
      (item.enclosure !== undefined &&
        item.enclosure !== shelf(disk.enclosure)) ||
      (item.slot !== undefined && item.slot !== disk.slot);
    if (isElsewhere)
      differences.push(
        say(
          `belongs into ${item.enclosure ? `shelf ${item.enclosure} ` : ""}slot ${item.slot ?? "unknown"}`,
        ),
      );
    if (item.paths !== undefined && item.paths !== disk.paths)
      differences.push(
        say(`is reached by ${disk.paths} paths, expected ${item.paths}`),
      );
    return differences;
  });
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
      `${placeOf(disk)}: disk ${disk.model} ${disk.serial} (${disk.wwn ? `WWN ${disk.wwn}` : "without a WWN"}), of which the manifest knows nothing`,
  );
  return [...findings, ...fewer, ...unknown];
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
