import { EngineWatch } from "../../providers/dynamic/engine";
import { withLabels } from "../../providers/storage/zfs-pool/labels";
import { provider } from "../../providers/storage/zfs-pool/lifecycle";
import { configured } from "../support/provider";

type Values = Record<string, unknown>;

const pools = configured(provider(new EngineWatch(undefined)), () => undefined);
const disk = (number: number) =>
  `/dev/disk/by-id/wwn-0x5000c500000000${`${number}`.padStart(2, "0")}`;
const map = (number: number) =>
  `/dev/mapper/35000c500000000${`${number}`.padStart(2, "0")}`;
const mirror = (...numbers: number[]) => ({
  type: "mirror",
  disks: numbers.map(disk),
});
const pool = (changes: Values = {}): Values => ({
  owner: "site/ZfsPool/tank",
  host: "storage",
  name: "tank",
  vdevs: [mirror(1, 2), mirror(3, 4)],
  spares: [disk(9)],
  ashift: 12,
  ...changes,
});

async function problems(olds: Values, news: Values): Promise<string[]> {
  const { failures = [] } = await pools.check(olds, news);
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

const impossible: [string, Values, string][] = [
  [
    "a kernel's name",
    { vdevs: [{ type: "mirror", disks: ["/dev/sda", disk(2)] }] },
    'vdevs.0.disks.0: must be a whole disk by its WWN: "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4"',
  ],
  [
    "a name of the model and serial number",
    { spares: ["/dev/disk/by-id/ata-ST4000_ZC1"] },
    "spares.0: must be a whole disk by its WWN",
  ],
  [
    "a partition",
    { spares: [`${disk(9)}-part1`] },
    "spares.0: must be a whole disk by its WWN",
  ],
  [
    "a friendly name of multipath",
    { spares: ["/dev/mapper/mpatha"] },
    "spares.0: must be a whole disk by its WWN",
  ],
  [
    "a replacement by a kernel's name",
    { replace: [{ old: disk(8), new: "/dev/sdb" }] },
    "replace.0.new: must be a whole disk by its WWN",
  ],
  [
    "the same disk twice",
    { spares: [disk(1)] },
    `spares.0: ${disk(1)} is there twice`,
  ],
  [
    "the same disk by its two names",
    { spares: [map(1)] },
    `spares.0: ${map(1)} is there twice`,
  ],
  [
    "a mirror of one",
    { vdevs: [mirror(1)] },
    "vdevs.0.disks: a mirror takes at least 2 disks",
  ],
  [
    "no data",
    { vdevs: [{ ...mirror(1, 2), class: "log" }] },
    "vdevs: must have a vdev for data",
  ],
  [
    "unlike vdevs",
    { vdevs: [mirror(1, 2), { type: "stripe", disks: [disk(3)] }] },
    "vdevs.1: a stripe beside a 2-way mirror: all vdevs of data must have the same redundancy",
  ],
  [
    "a special vdev that is lost first",
    {
      vdevs: [
        { type: "raidz2", disks: [1, 2, 3, 4].map(disk) },
        { ...mirror(5, 6), class: "special" },
      ],
    },
    "vdevs.1: a 2-way mirror beside a raidz2 of 4 disks",
  ],
  [
    "a mirrored cache",
    { vdevs: [mirror(1, 2), { ...mirror(3, 4), class: "cache" }] },
    "vdevs.1.type: a cache has no redundancy: write stripe",
  ],
  [
    "a raidz log",
    {
      vdevs: [
        mirror(1, 2),
        { type: "raidz1", class: "log", disks: [disk(3), disk(4)] },
      ],
    },
    "vdevs.1.type: ZFS takes no raidz1 for class log: write mirror",
  ],
  [
    "a replacement that stands nowhere",
    { replace: [{ old: disk(8), new: disk(7) }] },
    `replace.0.new: ${disk(7)} stands in no vdev`,
  ],
  [
    "a replaced disk that still stands there",
    { replace: [{ old: disk(1), new: disk(2) }] },
    `replace.0.old: ${disk(1)} still stands in a vdev`,
  ],
  [
    "an added disk that stands nowhere",
    { add: [disk(7)] },
    `add.0: ${disk(7)} stands in no vdev`,
  ],
  ["a name that ZFS keeps", { name: "mirror1" }, "name: must be a letter"],
  [
    "a mountpoint that is none",
    { mountpoint: "tank" },
    "mountpoint: must be a path",
  ],
  [
    "replacement of disks by ZFS itself",
    { properties: { autoreplace: true } },
    "properties: Unrecognized key",
  ],
  [
    "an export to the world",
    { dataset: { sharenfs: "on" } },
    "dataset: Unrecognized key",
  ],
  [
    "a number for a GUID, which JavaScript rounds",
    { adopt: { guid: 11268192461597330000 } },
    "adopt.guid: ",
  ],
];

test.each(impossible)("%s is refused", async (_what, changes, reason) => {
  const found = await problems({}, pool(changes));
  expect(found.join("\n")).toContain(reason);
});

test.each<[string, Values]>([
  ["mirrors with a spare", {}],
  [
    "disks with two paths",
    { vdevs: [{ type: "mirror", disks: [map(1), map(2)] }] },
  ],
  [
    "raidz2 with a special 3-way mirror, a log and a cache",
    {
      vdevs: [
        { type: "raidz2", disks: [1, 2, 3, 4].map(disk) },
        { ...mirror(5, 6, 7), class: "special" },
        { type: "stripe", class: "log", disks: [disk(8)] },
        { type: "stripe", class: "cache", disks: [disk(10), disk(11)] },
      ],
    },
  ],
  [
    "a stripe of several",
    { vdevs: [{ type: "stripe", disks: [disk(1), disk(2)] }] },
  ],
])("%s are taken", async (_what, changes) => {
  expect(await problems({}, pool(changes))).toEqual([]);
});

const refused: [string, Values, string][] = [
  ["another host", { host: "other" }, 'host: the pool is on host "storage"'],
  [
    "another name",
    { name: "data" },
    'name: the pool is called "tank" on host "storage" and declared as "data": a pool is never renamed here',
  ],
  [
    "another ashift",
    { ashift: 13 },
    "ashift: the pool's vdevs have ashift 12, which they keep for good",
  ],
  [
    "another disk without a word",
    { vdevs: [mirror(1, 2), mirror(3, 5)] },
    `vdevs: ${disk(5)} in the place of ${disk(4)}: a disk is replaced only when that is said. Add to replace: { old: "${disk(4)}", new: "${disk(5)}" }`,
  ],
  [
    "another vdev in the place of one",
    { vdevs: [mirror(1, 2), mirror(5, 6)] },
    `a mirror of ${disk(5)}, ${disk(6)} in the place of a mirror of ${disk(3)}, ${disk(4)}`,
  ],
  [
    "a vdev more without a word",
    { vdevs: [mirror(1, 2), mirror(3, 4), mirror(5, 6)] },
    `vdevs: ${disk(5)}, ${disk(6)} would join the pool and cannot leave it again. If that is meant, add to add: "${disk(5)}", "${disk(6)}"`,
  ],
  [
    "a vdev less",
    { vdevs: [mirror(1, 2)] },
    `vdevs: the pool has a mirror of ${disk(3)}, ${disk(4)}, which is not declared: a vdev is never removed here`,
  ],
  [
    "another type",
    {
      vdevs: [
        { type: "raidz1", disks: [disk(1), disk(2)] },
        { type: "raidz1", disks: [disk(3), disk(4)] },
      ],
    },
    `a mirror of ${disk(1)}, ${disk(2)} cannot become a raidz1`,
  ],
  [
    "a spare less",
    { spares: [] },
    `spares: the pool has the spare ${disk(9)}, which is not declared`,
  ],
];

test.each(refused)(
  "%s is refused when it is previewed",
  async (_what, changes, reason) => {
    const found = await problems(pool(), pool(changes));
    expect(found.join("\n")).toContain(reason);
  },
);

test("a disk that would leave a vdev is refused", async () => {
  const wide = pool({ vdevs: [mirror(1, 2, 3)] });
  expect(
    (await problems(wide, pool({ vdevs: [mirror(1, 2)] }))).join(),
  ).toContain(`vdevs: ${disk(3)} would leave the mirror of`);
});

test("one disk more for a mirror wants the word, too", async () => {
  const news = pool({ vdevs: [mirror(1, 2, 5), mirror(3, 4, 6)] });
  expect((await problems(pool(), news)).join()).toContain(
    `${disk(5)} would join the pool and cannot leave it again`,
  );
  const said = { ...news, add: [disk(5), disk(6)] };
  expect(await problems(pool(), said)).toEqual([]);
});

test.each<[string, Values]>([
  ["nothing", {}],
  ["another order", { vdevs: [mirror(4, 3), mirror(2, 1)] }],
  [
    "a replacement that is said",
    {
      vdevs: [mirror(1, 2), mirror(3, 5)],
      replace: [{ old: disk(4), new: disk(5) }],
    },
  ],
  [
    "a chain of replacements",
    {
      vdevs: [mirror(1, 2), mirror(3, 6)],
      replace: [
        { old: disk(4), new: disk(5) },
        { old: disk(5), new: disk(6) },
      ],
    },
  ],
  [
    "a vdev that is said",
    {
      vdevs: [mirror(1, 2), mirror(3, 4), mirror(5, 6)],
      add: [disk(5), disk(6)],
    },
  ],
  [
    "a log and a cache, which can leave again",
    {
      vdevs: [
        mirror(1, 2),
        mirror(3, 4),
        { ...mirror(5, 6), class: "log" },
        { type: "stripe", class: "cache", disks: [disk(7)] },
      ],
    },
  ],
  ["a spare more", { spares: [disk(9), disk(8)] }],
  ["no word on ashift", { ashift: undefined }],
])("%s is no reason to refuse", async (_what, changes) => {
  expect(await problems(pool(), pool(changes))).toEqual([]);
});

test("no change ever replaces the pool", async () => {
  for (const changes of [...impossible, ...refused].map(
    ([, values]) => values,
  )) {
    const diff = await pools.diff("1", pool(), pool(changes));
    expect(diff).toMatchObject({
      changes: true,
      replaces: [],
      deleteBeforeReplace: false,
    });
  }
});

test("what somebody made of the pool can be looked at, though it could not be declared", async () => {
  const found = pool({
    name: "my tank",
    vdevs: [{ type: "mirror", disks: ["/dev/sdb1", disk(2)] }, mirror(3, 4)],
  });
  const reasons = await problems(found, pool());
  expect(reasons.join("\n")).toContain('name: the pool is called "my tank"');
  expect(reasons.join("\n")).toContain(`${disk(1)} in the place of /dev/sdb1`);
});

test("disks are called as people call them, and what is to be written has their words alone", async () => {
  const labels = {
    [disk(1)]: "shelf1:0",
    [disk(2)]: "shelf2:0",
    [disk(5)]: "shelf1:4",
  };
  const olds = pool({ vdevs: [mirror(1, 2)], labels });
  const [problem] = await problems(
    olds,
    pool({ vdevs: [mirror(1, 5)], labels }),
  );
  expect(problem).toContain(
    'vdevs: shelf1:4 (wwn-0x5000c50000000005) in the place of shelf2:0 (wwn-0x5000c50000000002): a disk is replaced only when that is said. Add to replace: { old: "shelf2:0", new: "shelf1:4" }',
  );
});

test.each([
  [
    `${disk(1)} (sda, 4 TB): gpt`,
    "shelf1:0 (wwn-0x5000c50000000001, sda, 4 TB): gpt",
  ],
  [`${map(1)}, ${disk(1)}`, `${map(1)}, shelf1:0 (wwn-0x5000c50000000001)`],
  [`${disk(1)}-part1`, `${disk(1)}-part1`],
  [
    `${disk(11)} is not ${disk(1)}.`,
    `${disk(11)} is not shelf1:0 (wwn-0x5000c50000000001).`,
  ],
])("%s is said as %s", (text, said) => {
  expect(withLabels(text, { [disk(1)]: "shelf1:0" })).toBe(said);
});
