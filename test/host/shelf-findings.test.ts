import type { Disk, Facts } from "../../providers/host/host-facts/facts";
import { findingsOf } from "../../providers/host/host-facts/findings";
import type { Expected } from "../../providers/host/host-facts/model";

const [one, two] = ["0000:01:00.0", "0000:02:00.0"];
const ports = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
];
const [first = [], second = []] = ports;
const ids = ["0x500304801f2b3c3f", "0x500304801f2b3c7f"] as const;
const wwn = (shelf: number, slot: number) => `5000c500a1b2${shelf}${slot}00`;

/** Two shelves at one adapter, three disks in each. */
function seen(): Facts {
  const card = (address = "") => ({
    address,
    class: "",
    id: "1000:0087",
    subsystemId: "1000:3040",
    name: "",
    driver: "mpt3sas",
  });
  const disks = [0, 1].flatMap((shelf) =>
    [10, 11, 12].map(
      (slot): Disk => ({
        wwn: wwn(shelf, slot),
        serial: `S${shelf}${slot}`,
        model: "M",
        sizeBytes: 1,
        paths: 1,
        enclosure: ids[shelf],
        slot,
      }),
    ),
  );
  return {
    pci: [card(one), card(two)],
    hbas: [],
    disks,
    shelves: ids.map((id, shelf) => ({
      id,
      ways: [{ hba: one ?? "", phys: ports[shelf] ?? [] }],
      disks: Object.fromEntries(
        [10, 11, 12].map((slot) => [slot, wwn(shelf, slot)]),
      ),
    })),
    links: [],
    health: [],
    versions: { distribution: "", kernel: "" },
  };
}

function wanted(): Expected {
  return {
    cards: [
      { name: "hba1", id: "1000:0087", address: one, ports },
      { name: "hba2", id: "1000:0087", address: two, ports },
    ],
    enclosures: [0, 1].map((port) => ({
      name: `shelf${port}`,
      ways: [{ card: "hba1", port }],
    })),
    disks: [0, 1].flatMap((shelf) =>
      [10, 11, 12].map((slot) => ({
        name: `shelf${shelf}:${slot}`,
        wwn: `0x${wwn(shelf, slot)}`,
        enclosure: `shelf${shelf}`,
        slot,
        paths: 1,
      })),
    ),
  };
}

const shelf = (facts: Facts, index: number) =>
  facts.shelves[index] as Facts["shelves"][number];
const place = (facts: Facts, number: string, enclosure: string, slot: number) =>
  Object.assign(facts.disks.find(({ wwn }) => wwn === number) as Disk, {
    enclosure,
    slot,
  });
/** What a shelf tells of its disks follows from where they are. */
function told(facts: Facts): Facts {
  for (const item of facts.shelves)
    item.disks = Object.fromEntries(
      facts.disks.flatMap(({ enclosure, slot, wwn }) =>
        enclosure === item.id ? [[`${slot}`, wwn]] : [],
      ),
    );
  return facts;
}

type Row = [
  string,
  (facts: Facts, expected: Expected) => void,
  (string | RegExp)[],
];

test.each<Row>([
  ["as it is cabled", () => undefined, []],
  [
    "two disks that have changed places",
    (facts) => {
      place(facts, wwn(0, 10), ids[0], 11);
      place(facts, wwn(0, 11), ids[0], 10);
    },
    [
      `shelf shelf0 slot 11: disk "shelf0:10" (WWN 0x${wwn(0, 10)}) belongs into shelf shelf0 slot 10`,
      `shelf shelf0 slot 10: disk "shelf0:11" (WWN 0x${wwn(0, 11)}) belongs into shelf shelf0 slot 11`,
    ],
  ],
  [
    "a disk in another shelf",
    (facts) => {
      place(facts, wwn(0, 12), ids[1], 3);
    },
    [
      `shelf shelf1 slot 3: disk "shelf0:12" (WWN 0x${wwn(0, 12)}) belongs into shelf shelf0 slot 12`,
    ],
  ],
  [
    "a shelf that counts from one less",
    (facts) => {
      for (const disk of facts.disks)
        if (disk.enclosure === ids[0]) disk.slot = Number(disk.slot) - 1;
    },
    [
      "shelf shelf0: each of its disks sits 1 slot below the manifest's: write the bays as the shelf itself counts them",
    ],
  ],
  [
    "a shelf at another port of the same adapter",
    (facts) => {
      shelf(facts, 0).ways = [{ hba: two ?? "", phys: first }];
    },
    [
      'shelf shelf0: is at card "hba2" port 0, and its cable belongs into card "hba1" port 0',
    ],
  ],
  [
    "two cables that have changed places",
    (facts) => {
      shelf(facts, 0).ways = [{ hba: one ?? "", phys: second }];
      shelf(facts, 1).ways = [{ hba: one ?? "", phys: first }];
    },
    [
      'shelf shelf0: is at card "hba1" port 1, and its cable belongs into card "hba1" port 0',
      'shelf shelf1: is at card "hba1" port 0, and its cable belongs into card "hba1" port 1',
    ],
  ],
  [
    "a second way where one is cabled, once and not for each disk",
    (facts) => {
      shelf(facts, 0).ways.push({ hba: two ?? "", phys: first });
      for (const disk of facts.disks)
        if (disk.enclosure === ids[0]) disk.paths = 2;
    },
    [
      'shelf shelf0: is at card "hba2" port 0 too, where the manifest has no cable: each of its disks is there once more',
    ],
  ],
  [
    "a way that is missing, once and not for each disk",
    (_facts, { enclosures = [], disks = [] }) => {
      enclosures[0]?.ways?.push({ card: "hba2", port: 1 });
      for (const disk of disks) if (disk.enclosure === "shelf0") disk.paths = 2;
    },
    [
      'shelf shelf0: nothing leads to it from card "hba2" port 1: look at that cable, and at the shelf\'s I/O module',
    ],
  ],
  [
    "a path too few of one disk only",
    (_facts, { disks: [disk] = [] }) => {
      if (disk) disk.paths = 2;
    },
    [/is reached by 1 paths, expected 2$/],
  ],
  [
    "two cables from one adapter to one I/O module, as cabled",
    (facts, { enclosures = [], disks = [] }) => {
      facts.shelves.pop();
      facts.disks = facts.disks.filter(({ enclosure }) => enclosure !== ids[1]);
      disks.splice(3);
      shelf(facts, 0).ways = [{ hba: one ?? "", phys: [...first, ...second] }];
      enclosures.pop();
      enclosures[0]?.ways?.push({ card: "hba1", port: 1 });
    },
    [],
  ],
  [
    "a lane that is down",
    (facts) => {
      shelf(facts, 1).ways = [{ hba: one ?? "", phys: [4, 5, 7] }];
    },
    [
      'shelf shelf1: 3 of the 4 lanes of card "hba1" port 1 are up: look at the cable, and at both its plugs',
    ],
  ],
  [
    "a shelf without power, once and not for each disk",
    (facts) => {
      facts.shelves.pop();
      facts.disks = facts.disks.filter(({ enclosure }) => enclosure !== ids[1]);
    },
    [
      'shelf shelf1: is not there, and none of its 3 disks is: look at its power, and at the cable of card "hba1" port 1',
    ],
  ],
  [
    "shelves that do not tell of themselves",
    (facts) => {
      facts.shelves = [];
      for (const disk of facts.disks) {
        disk.enclosure = undefined;
        disk.slot = undefined;
      }
    },
    [
      /^shelf shelf0: does not tell of itself, though 3 of its disks are there: load the kernel's module "ses"/,
      /^shelf shelf1: does not tell of itself/,
    ],
  ],
  [
    "a shelf that nobody knows",
    (facts) => {
      facts.shelves.push({
        id: "0x5003048000000001",
        ways: [{ hba: two ?? "", phys: second }],
        disks: {},
      });
    },
    [
      'shelf 0x5003048000000001: is at card "hba2" port 1, and the manifest knows nothing of it',
    ],
  ],
  [
    "an empty shelf, known by its cable",
    (facts, { enclosures = [] }) => {
      facts.shelves.push({
        id: "0x5003048000000001",
        ways: [{ hba: two ?? "", phys: second }],
        disks: {},
      });
      enclosures.push({ name: "spare", ways: [{ card: "hba2", port: 1 }] });
    },
    [],
  ],
  [
    "shelves that have changed places, by their ids",
    (_facts, { enclosures = [] }) => {
      for (const [index, item] of enclosures.entries())
        item.id = ids[1 - index];
    },
    [
      /^shelf shelf0: is at card "hba1" port 1, and/,
      /^shelf shelf1: is at card "hba1" port 0, and/,
      ...[10, 11, 12].map(
        (slot) =>
          new RegExp(
            `^shelf shelf1 slot ${slot}: disk "shelf0:${slot}".*belongs`,
          ),
      ),
      ...[10, 11, 12].map(
        (slot) =>
          new RegExp(
            `^shelf shelf0 slot ${slot}: disk "shelf1:${slot}".*belongs`,
          ),
      ),
    ],
  ],
  [
    "adapters that are alike, where the manifest does not say which is which: no cable is compared",
    (facts, { cards = [] }) => {
      for (const card of cards) card.address = undefined;
      shelf(facts, 0).ways = [{ hba: two ?? "", phys: first }];
    },
    [],
  ],
])("%s", (_what, change, findings) => {
  const [facts, expected] = [seen(), wanted()];
  change(facts, expected);
  const found = findingsOf(expected, told(facts), {});
  expect(found).toEqual(
    findings.map((text) =>
      typeof text === "string" ? text : expect.stringMatching(text),
    ),
  );
});

test("without shelves in the manifest none is judged", () => {
  const { enclosures: _none, disks: _no, ...rest } = wanted();
  expect(findingsOf(rest, seen(), {})).toEqual([]);
});
