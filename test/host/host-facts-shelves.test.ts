import type { z } from "zod";
import type { DiskFault } from "../../lab/host/disks";
import type { Facts } from "../../providers/host/host-facts/facts";
import { findingsOf } from "../../providers/host/host-facts/findings";
import { type Expected, schema } from "../../providers/host/host-facts/model";
import {
  expected,
  type FactsHost,
  factsHost,
  factsInputs,
  shelfId,
} from "../support/host-facts";

jest.setTimeout(120_000);

let host: FactsHost;
afterEach(() => host.stop());

const [a, b] = ["5000c500a1b2c3d4", "5000c500a1b2c3d5"] as const;
const bend = (fault: DiskFault, wwn: string, number?: number) =>
  host.lab.control({ do: "disk", fault, disk: `0x${wwn}`, number });

const ports = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
];
const [card] = expected.cards;
const cabled = {
  ...expected,
  cards: [
    { ...card, ports },
    { name: "hba-b", id: "1000:0087", address: "0000:02:00.0", ports },
  ],
  enclosures: [
    {
      name: "shelf-1",
      ways: [
        { card: "hba-a", port: 0 },
        { card: "hba-b", port: 0 },
      ],
    },
  ],
};
const inputs = factsInputs({ expected: cabled, inventory: false });

test("logged in as ops, shelves, health and links are read, and small enough to keep", async () => {
  host = await factsHost("ops");
  const { outs = {} } = await host.facts.create(inputs);
  expect(outs).toMatchObject({
    findings: [],
    links: [],
    shelves: [
      {
        id: shelfId,
        name: "shelf-1",
        ways: [
          { hba: "0000:01:00.0", phys: [0, 1, 2, 3] },
          { hba: "0000:02:00.0", phys: [0, 1, 2, 3] },
        ],
        disks: { 0: a, 7: b },
      },
    ],
    health: [
      { wwn: a, serial: "Z1Z0AAAA", state: "good" },
      { wwn: b, serial: "Z1Z0BBBB", state: "good" },
    ],
  });
});

test("counters that move and disks that fail are outputs and findings, and no change to make", async () => {
  host = await factsHost();
  const { id, outs = {} } = await host.facts.create(inputs);
  await bend("link-errors", b, 37);
  const first = (await host.facts.read(id, outs)).props ?? {};
  expect(first).toMatchObject({
    links: [
      {
        hba: "0000:01:00.0",
        shelf: shelfId,
        phy: 7,
        disk: b,
        invalidDwords: 37,
        lostSyncs: 3,
      },
    ],
    findings: [
      expect.stringMatching(
        /^shelf shelf-1 slot 7: disk "b" .* counted 37 invalid dwords, 37 more/,
      ),
    ],
  });
  await bend("link-errors", b, 5);
  await bend("failing", a);
  const second = (await host.facts.read(id, first)).props ?? {};
  expect(second.findings).toEqual([
    expect.stringMatching(
      /^shelf shelf-1 slot 0: disk "a" .*says that it fails/,
    ),
    expect.stringMatching(
      /"a" .* has 3 errors .*, 3 more than at the last look/,
    ),
    expect.stringMatching(/"a" .* has 248 defects, 248 more/),
    expect.stringMatching(/42 invalid dwords, 5 more than at the last look/),
  ]);
  const third = (await host.facts.read(id, second)).props ?? {};
  expect(third.findings).toEqual([
    expect.stringContaining("says that it fails"),
    expect.stringMatching(/could not correct$/),
    expect.stringMatching(/counted 42 invalid dwords, 42 disp/),
  ]);
  // What pulumi preview and refresh ask: is there anything to do?
  for (const seen of [first, second, third])
    expect((await host.facts.diff(id, seen, inputs)).changes).toBe(false);
});

test("a disk that sleeps is not woken, and stays as it was", async () => {
  host = await factsHost();
  await bend("failing", a);
  const { id, outs = {} } = await host.facts.create(inputs);
  await bend("asleep", a);
  const { props = {} } = await host.facts.read(id, outs);
  expect(props.health).toMatchObject([
    { wwn: a, state: "asleep", uncorrected: 3, defects: 248 },
    { wwn: b },
  ]);
  expect(props.findings).toEqual([
    expect.stringMatching(/has 3 errors that it could not correct$/),
  ]);
  const again = await host.facts.read(id, props);
  expect(again.props?.health).toMatchObject([{ state: "asleep" }, {}]);
});

test("without leave for smartctl all else is judged, and that is told once", async () => {
  host = await factsHost("ops");
  const { sudoers } = host.world.load("users", { sudoers: { ops: "" } });
  const ops = sudoers.ops.replace(/HYBRID_SHELVES, \\?\s*/, "");
  host.world.save("users", { sudoers: { ...sudoers, ops } });
  await bend("slot", b, 3);
  const { outs } = await host.facts.create(inputs);
  expect(outs?.findings).toEqual([
    expect.stringMatching(/^shelf shelf-1 slot 3: disk "b" .* belongs into/),
    "disks: nothing is known of the health of 2 (sudo: a password is required): smartmontools must be there, and the account be allowed to run smartctl (docs/host-access.md)",
  ]);
});

test("a big machine's attributes are asked for in parts that a packet takes", async () => {
  host = await factsHost("root", ({ disks }) => {
    for (let slot = 10; slot < 58; slot++)
      disks.push({
        ...(disks[0] as (typeof disks)[number]),
        wwn: `0x5000c500a1b3${(slot + 4096).toString(16)}`,
        serial: `Z${slot}`,
        enclosure: { id: shelfId, slot },
        paths: 2,
      });
  });
  host.commands();
  await host.facts.create(factsInputs({ expected: {} }));
  const lines = host.commands();
  expect(lines.filter((line) => line.includes(" grep "))).toHaveLength(2);
  for (const line of lines) expect(line.length).toBeLessThan(32_768);
});

type Inputs = Record<string, unknown>;
const refused: [string, Inputs, string][] = [
  [
    "a cable from a card that is not there",
    { enclosures: [{ name: "s", ways: [{ card: "hba-c", port: 0 }] }] },
    'no card "hba-c" with a port 0',
  ],
  [
    "a cable from a port that is not there",
    {
      cards: cabled.cards,
      enclosures: [{ name: "s", ways: [{ card: "hba-a", port: 2 }] }],
    },
    'no card "hba-a" with a port 2',
  ],
  [
    "a shelf twice",
    { enclosures: [{ name: "s" }, { name: "s" }] },
    "s is there twice",
  ],
  [
    "an id twice",
    {
      enclosures: [
        { name: "s", id: shelfId },
        { name: "t", id: shelfId.toUpperCase().replace("X", "x") },
      ],
    },
    "is there twice",
  ],
];
test.each(refused)("%s is refused", async (_what, change, why) => {
  host = await factsHost();
  const { failures } = await host.facts.check(
    {},
    factsInputs({ expected: change }),
  );
  expect(failures).toEqual([
    expect.objectContaining({ reason: expect.stringContaining(why) }),
  ]);
});

describe("each key of what is expected is judged", () => {
  const gibibyte = 2 ** 30;
  const hba = (more: object) => [{ ...card, ...more }];
  const of = (more: object) => [{ ...expected.disks[0], ...more }];
  const module = (more: object) => [{ ...expected.memory[0], ...more }];
  const rows: Record<string, Partial<Expected> | object> = {
    "cards.name": { cards: hba({ name: "else", id: "1000:0086" }) },
    "cards.id": { cards: hba({ id: "1000:0086" }) },
    "cards.subsystemId": { cards: hba({ subsystemId: "1590:0042" }) },
    "cards.address": { cards: hba({ address: "0000:09:00.0" }) },
    "cards.link.width": { cards: hba({ link: { width: 16 } }) },
    "cards.link.speed": { cards: hba({ link: { speed: 16 } }) },
    "cards.driver": { cards: hba({ driver: "vfio-pci" }) },
    "cards.firmware.version": { cards: hba({ firmware: { version: "1" } }) },
    "cards.firmware.mode": { cards: hba({ firmware: { mode: "IR" } }) },
    "cards.ports": {
      cards: [{ ...cabled.cards[0], ports: [[0, 1, 2, 3, 4]] }],
    },
    "memory.locator": { memory: module({ locator: "DIMMC1" }) },
    "memory.sizeBytes": { memory: module({ sizeBytes: gibibyte }) },
    "memory.type": { memory: module({ type: "DDR5" }) },
    "memory.kind": { memory: module({ kind: "RDIMM" }) },
    "memory.ecc": { memory: module({ ecc: false }) },
    "memory.speed": { memory: module({ speed: 3_200 }) },
    "disks.name": { disks: of({ name: "else", slot: 1 }) },
    "disks.wwn": { disks: of({ wwn: "0x5000c500ffffffff" }) },
    "disks.serial": { disks: of({ serial: "other" }) },
    "disks.model": { disks: of({ model: "other" }) },
    "disks.sizeBytes": { disks: of({ sizeBytes: 1 }) },
    "disks.enclosure": { disks: of({ enclosure: "shelf-2" }) },
    "disks.slot": { disks: of({ slot: 1 }) },
    "disks.paths": { disks: of({ paths: 1 }) },
    disksWithoutWwn: { disks: expected.disks, disksWithoutWwn: 1 },
    "enclosures.name": { enclosures: [{ name: "other", ways: [] }] },
    "enclosures.id": { enclosures: [{ name: "shelf-1", id: `0x${a}` }] },
    "enclosures.ways.card": {
      enclosures: [{ name: "shelf-1", ways: [{ card: "hba-a", port: 0 }] }],
    },
    "enclosures.ways.port": {
      enclosures: [
        {
          name: "shelf-1",
          ways: [
            { card: "hba-a", port: 1 },
            { card: "hba-b", port: 0 },
          ],
        },
      ],
    },
    "versions.distribution": { versions: { distribution: "Ubuntu" } },
    "versions.kernel": { versions: { kernel: "5" } },
    "versions.zfs": { versions: { zfs: "9" } },
    "versions.pve": { versions: { pve: "1" } },
  };

  type Walked = z.ZodType & {
    shape?: Record<string, Walked>;
    unwrap?: () => Walked;
  };
  const keysOf = (type: Walked, at: string): string[] => {
    if (type.shape)
      return Object.entries(type.shape).flatMap(([key, value]) =>
        keysOf(value, at ? `${at}.${key}` : key),
      );
    return type.unwrap ? keysOf(type.unwrap(), at) : [at];
  };

  test("by a row of its own", async () => {
    host = await factsHost();
    const { expected: shape } = schema.shape;
    expect(Object.keys(rows).sort()).toEqual(
      keysOf(shape as unknown as Walked, "").sort(),
    );
    const { outs } = await host.facts.create(factsInputs({ expected: cabled }));
    const facts = outs as unknown as Facts;
    const all = (change: object) =>
      findingsOf({ ...cabled, ...change } as Expected, facts, {});
    expect(all({})).toEqual([]);
    const silent = Object.entries(rows)
      .filter(([, change]) => all(change).length === 0)
      .map(([key]) => key);
    expect(silent).toEqual([]);
  });
});
