import type { Counts, Facts, Health, LinkErrors } from "./facts";
import type { Places } from "./places";
import { linkKey } from "./sas";

/** What the last look found: what has grown since then is told so. */
export type Before = Partial<Pick<Facts, "links" | "health">>;

const since = (now: number, before: number | undefined): string =>
  before === undefined || now <= before
    ? ""
    : `, ${now - before} more than at the last look`;
const many = (count: number, one: string): string =>
  `${count} ${one}${count === 1 ? "" : "s"}`;

export function healthFindings(
  { health }: Facts,
  before: Before,
  places: Places,
): string[] {
  const known = before.health;
  const findings = health.flatMap((disk) => {
    const old = known?.find(
      ({ wwn, serial }) => wwn === disk.wwn && serial === disk.serial,
    );
    const at = places.disk(disk.wwn, disk.serial);
    return wordsOf(disk, old).map((text) => `${at} ${text}`);
  });
  return [...findings, ...unknownHealth(health, places)];
}

function wordsOf(
  { state, below, hasFailedTest, ...disk }: Health,
  old: Health | undefined,
): string[] {
  // What it had not before is kept as nothing, and not as unknown.
  const before = (key: "defects" | "pending" | "uncorrected" | "garbled") =>
    old && (old[key] ?? 0);
  const { defects = 0, pending = 0, uncorrected = 0, garbled = 0 } = disk;
  const grown = before("defects");
  const words = [
    state === "failing" && "says that it fails (SMART): replace it now",
    below && `has below its threshold: ${below.join(", ")}; replace it soon`,
    hasFailedTest &&
      "has failed a self-test (smartctl --log=selftest): replace it soon",
    pending > 0 &&
      `has ${many(pending, "sector")} that it cannot read${since(pending, before("pending"))}`,
    uncorrected > 0 &&
      `has ${many(uncorrected, "error")} that it could not correct${since(uncorrected, before("uncorrected"))}`,
    // Every old disk has some, and a number that stands still says nothing.
    grown !== undefined &&
      defects > grown &&
      `has ${many(defects, "defect")}${since(defects, grown)}: it wears out`,
    garbled > 0 &&
      `has got ${many(garbled, "transfer")} garbled${since(garbled, before("garbled"))}: look at its cable`,
  ];
  return words.filter((text) => typeof text === "string");
}

/** Where no disk can be asked for one reason, that is one finding. */
function unknownHealth(health: readonly Health[], places: Places): string[] {
  const reasons = new Map<string, Health[]>();
  for (const disk of health) {
    if (disk.state !== "unknown") continue;
    // What the device is called is in it, and another at each boot.
    const reason = (disk.reason ?? "").replace(/^\/dev\/\w+: |\/dev\/\w+ /, "");
    reasons.set(reason, [...(reasons.get(reason) ?? []), disk]);
  }
  return [...reasons].map(([reason, disks]) => {
    const [first] = disks;
    return first && disks.length === 1
      ? `${places.disk(first.wwn, first.serial)} does not tell of its health: ${reason}`
      : `disks: nothing is known of the health of ${disks.length} (${reason}): smartmontools must be there, and the account be allowed to run smartctl (docs/host-access.md)`;
  });
}

const words: Record<keyof Counts, string> = {
  invalidDwords: "invalid dword",
  disparityErrors: "disparity error",
  lostSyncs: "lost sync",
  failedResets: "failed reset",
};
const keys = Object.keys(words) as (keyof Counts)[];

export function linkFindings(
  facts: Facts,
  before: Before,
  places: Places,
): string[] {
  const known = new Map(
    before.links?.map((link) => [linkKey(link), link] as const),
  );
  return facts.links.map((link) => {
    const old = known.get(linkKey(link));
    const counts = keys.flatMap((key) => {
      const now = link[key];
      if (now === undefined) return [];
      const then = before.links && (old?.[key] ?? 0);
      return [`${many(now, words[key])}${since(now, then)}`];
    });
    const { at, look } = endOf(link, facts, places);
    return `${at}: its link has counted ${counts.join(", ")}: look at ${look}`;
  });
}

/** What is at the other end, and what is between. */
function endOf(
  { hba, shelf, phy, disk }: LinkErrors,
  facts: Facts,
  places: Places,
): { at: string; look: string } {
  if (disk !== undefined) {
    const serial = facts.disks.find(({ wwn }) => wwn === disk)?.serial ?? "";
    const at = places.disk(disk, serial);
    return { at, look: "the disk's seat, and the backplane" };
  }
  if (shelf === undefined) {
    const text = places.way({ hba, phys: [phy] });
    const at = text.startsWith("PCI") ? text : `${text} (phy ${phy})`;
    return { at, look: "the cable, and both its plugs" };
  }
  const name = places.shelves.find(({ id }) => id === shelf)?.name ?? shelf;
  const at = `shelf ${name} phy ${phy}`;
  return { at, look: "the cables of its I/O module" };
}
