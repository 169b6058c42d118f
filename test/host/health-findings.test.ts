import type {
  Facts,
  Health,
  LinkErrors,
} from "../../providers/host/host-facts/facts";
import { findingsOf } from "../../providers/host/host-facts/findings";

const wwn = "5000c500a1b2c3d4";
const id = "0x500304801f2b3c3f";
const hba = "0000:01:00.0";
const disk = { wwn, serial: "Z1" };
const at = `shelf shelf1 slot 2: disk "shelf1:2" (WWN 0x${wwn})`;

const seen = (facts: Partial<Pick<Facts, "health" | "links">>): Facts => ({
  pci: [{ address: hba, class: "", id: "1000:0087", name: "" }],
  hbas: [],
  disks: [
    { ...disk, model: "M", sizeBytes: 1, paths: 1, enclosure: id, slot: 2 },
  ],
  shelves: [{ id, ways: [{ hba, phys: [0, 1, 2, 3] }], disks: { 2: wwn } }],
  health: [],
  links: [],
  versions: { distribution: "", kernel: "" },
  ...facts,
});

const expected = {
  cards: [{ name: "hba1", id: "1000:0087", ports: [[0, 1, 2, 3]] }],
  enclosures: [{ name: "shelf1" }],
  disks: [{ name: "shelf1:2", wwn: `0x${wwn}`, enclosure: "shelf1", slot: 2 }],
};

const health = (now: Partial<Health>, before?: Partial<Health>) =>
  findingsOf(expected, seen({ health: [{ ...disk, state: "good", ...now }] }), {
    health: before && [{ ...disk, state: "good", ...before }],
  });

test.each<[string, Partial<Health>, Partial<Health> | undefined, string[]]>([
  ["a good disk", {}, undefined, []],
  ["a disk that sleeps", { state: "asleep" }, undefined, []],
  [
    "one that says that it fails",
    { state: "failing" },
    undefined,
    [`${at} says that it fails (SMART): replace it now`],
  ],
  [
    "an attribute below its threshold",
    { below: ["Reallocated_Sector_Ct"] },
    {},
    [`${at} has below its threshold: Reallocated_Sector_Ct; replace it soon`],
  ],
  [
    "a self-test that failed",
    { hasFailedTest: true },
    {},
    [`${at} has failed a self-test (smartctl --log=selftest): replace it soon`],
  ],
  [
    "sectors that cannot be read, at the first look",
    { pending: 1 },
    undefined,
    [`${at} has 1 sector that it cannot read`],
  ],
  [
    "errors that were not there before",
    { uncorrected: 3 },
    {},
    [
      `${at} has 3 errors that it could not correct, 3 more than at the last look`,
    ],
  ],
  [
    "errors that stand still",
    { uncorrected: 3 },
    { uncorrected: 3 },
    [`${at} has 3 errors that it could not correct`],
  ],
  ["defects of an old disk", { defects: 7 }, { defects: 7 }, []],
  ["defects at the first look", { defects: 7 }, undefined, []],
  [
    "defects that grow",
    { defects: 7 },
    { defects: 4 },
    [`${at} has 7 defects, 3 more than at the last look: it wears out`],
  ],
  [
    "a cable that garbles",
    { garbled: 5 },
    { garbled: 4 },
    [
      `${at} has got 5 transfers garbled, 1 more than at the last look: look at its cable`,
    ],
  ],
  [
    "one that does not answer",
    { state: "unknown", reason: "it has not answered in 20 s" },
    {},
    [`${at} does not tell of its health: it has not answered in 20 s`],
  ],
])("%s", (_what, now, before, findings) => {
  expect(health(now, before)).toEqual(findings);
});

test("what keeps every disk from being asked is told once", () => {
  const reason = (name: string) => `/dev/${name}: Unable to detect device type`;
  const unknown = ["sda", "sdb"].map((name, index) => ({
    wwn: `${index}`,
    serial: name,
    state: "unknown" as const,
    reason: reason(name),
  }));
  expect(findingsOf({}, seen({ health: unknown }), {})).toEqual([
    "disks: nothing is known of the health of 2 (Unable to detect device type): smartmontools must be there, and the account be allowed to run smartctl (docs/host-access.md)",
  ]);
});

const link = (more: Partial<LinkErrors>): LinkErrors => ({
  hba,
  phy: 2,
  ...more,
});

test.each<[string, LinkErrors, LinkErrors[] | undefined, string]>([
  [
    "of a disk",
    link({ shelf: id, disk: wwn, invalidDwords: 37, lostSyncs: 1 }),
    undefined,
    `${at}: its link has counted 37 invalid dwords, 1 lost sync: look at the disk's seat, and the backplane`,
  ],
  [
    "of an adapter's port, that grows",
    link({ invalidDwords: 37, disparityErrors: 5 }),
    [link({ invalidDwords: 30, disparityErrors: 5 })],
    'card "hba1" port 0 (phy 2): its link has counted 37 invalid dwords, 7 more than at the last look, 5 disparity errors: look at the cable, and both its plugs',
  ],
  [
    "of a port of nobody's",
    link({ hba: "0000:05:00.0", failedResets: 1 }),
    [],
    "PCI 0000:05:00.0 phy 2: its link has counted 1 failed reset, 1 more than at the last look: look at the cable, and both its plugs",
  ],
  [
    "of a shelf's way on, after a start that has cleared it",
    link({ shelf: id, phy: 30, invalidDwords: 4 }),
    [link({ shelf: id, phy: 30, invalidDwords: 400 })],
    "shelf shelf1 phy 30: its link has counted 4 invalid dwords: look at the cables of its I/O module",
  ],
])("errors on a link %s", (_what, now, links, finding) => {
  const found = findingsOf(expected, seen({ links: [now] }), { links });
  expect(found).toEqual([finding]);
});
