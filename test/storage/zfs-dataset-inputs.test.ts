import { managed } from "../../providers/storage/zfs-dataset/managed";
import { schema } from "../../providers/storage/zfs-dataset/model";
import {
  type DatasetHost,
  datasetHost,
  mebibyte,
} from "../support/zfs-dataset";

jest.setTimeout(120_000);

type Values = Record<string, unknown>;
let host: DatasetHost;
beforeAll(async () => {
  host = await datasetHost();
});
afterEach(() => host.clean());
afterAll(() => host.stop());
const inputs = (changes?: Values) => host.inputs(changes);
const volume = (changes?: Values) => host.volume(changes);
const get: DatasetHost["get"] = (properties, dataset) =>
  host.get(properties, dataset);

/** Of every property: a first value, another one, and how `zfs get -p` shows that. */
const rows: Record<string, [string, string, string]> = {
  aclinherit: ["passthrough", "discard", "discard"],
  acltype: ["posix", "nfsv4", "nfsv4"],
  atime: ["off", "on", "on"],
  canmount: ["noauto", "off", "off"],
  checksum: ["sha256", "blake3", "blake3"],
  compression: ["zstd", "gzip-9", "gzip-9"],
  copies: ["2", "3", "3"],
  dedup: ["on", "sha256,verify", "sha256,verify"],
  devices: ["off", "on", "on"],
  dnodesize: ["auto", "1k", "1k"],
  exec: ["off", "on", "on"],
  logbias: ["throughput", "latency", "latency"],
  mountpoint: ["/srv/a", "/srv/b", "/srv/b"],
  primarycache: ["metadata", "none", "none"],
  quota: ["20GiB", "none", "0"],
  readonly: ["on", "off", "off"],
  recordsize: ["1M", "16K", "16384"],
  redundant_metadata: ["most", "all", "all"],
  refquota: ["1G", "2G", "2147483648"],
  refreservation: ["1M", "none", "0"],
  relatime: ["off", "on", "on"],
  reservation: ["1M", "2M", "2097152"],
  secondarycache: ["metadata", "none", "none"],
  setuid: ["off", "on", "on"],
  snapdir: ["visible", "hidden", "hidden"],
  special_small_blocks: ["16K", "32K", "32768"],
  sync: ["always", "disabled", "disabled"],
  xattr: ["dir", "off", "off"],
};

test("every property is set, changed, found when it drifts, and inherited when it is left out", async () => {
  const first = Object.fromEntries(
    Object.entries(rows).map(([key, [value]]) => [key, value]),
  );
  const second = Object.fromEntries(
    Object.entries(rows).map(([key, [, value]]) => [key, value]),
  );
  const start = inputs({ properties: first });
  const { id, props } = await host.create(start);
  expect((await host.look(id, props, start)).changes).toBe(false);
  const news = inputs({ properties: second });
  const { outs = {} } = await host.provider.update(id, props, news);
  expect(await get(Object.keys(rows).join(","))).toEqual(
    Object.entries(rows).map(([key, [, , shown]]) =>
      expect.stringMatching(`^${key}\t${shown}\t`),
    ),
  );
  expect((await host.look(id, outs, news)).changes).toBe(false);
  for (const [key, [value]] of Object.entries(rows)) {
    await host.run(`zfs set ${key}=${value.replace("iB", "")} tank/vm`);
  }
  const { found, changes } = await host.look(id, outs, news);
  expect(changes).toBe(true);
  const drifted = found.properties as Record<string, string>;
  for (const key of Object.keys(rows))
    expect([key, drifted[key]]).not.toEqual([key, second[key]]);
  const { outs: mended = {} } = await host.provider.update(id, found, news);
  expect((await host.look(id, mended, news)).changes).toBe(false);
  const none = inputs({ properties: {} });
  const { outs: bare = {} } = await host.provider.update(id, mended, none);
  const inherited = await get(Object.keys(rows).join(","));
  const kept = [
    "canmount",
    "quota",
    "refquota",
    "refreservation",
    "reservation",
  ];
  expect(
    inherited.filter(
      (line) =>
        line.endsWith("\tlocal") && !kept.includes(line.split("\t")[0] ?? ""),
    ),
  ).toEqual([]);
  expect(
    await get("canmount,quota,refquota,refreservation,reservation"),
  ).toEqual(
    ["on", "0", "0", "0", "0"].map((value, index) =>
      expect.stringContaining(`${kept[index]}\t${value}\t`),
    ),
  );
  expect((await host.look(id, bare, none)).changes).toBe(false);
});

/** What only a creation sets: a value and another one. */
const fixed: Record<string, [Values, string]> = {
  casesensitivity: [{ casesensitivity: "insensitive" }, "mixed"],
  encryption: [
    {
      encryption: "aes-256-gcm",
      keyformat: "raw",
      keylocation: "file:///etc/zfs/key",
    },
    "aes-128-gcm",
  ],
  keyformat: [
    {
      encryption: "aes-256-gcm",
      keyformat: "raw",
      keylocation: "file:///etc/zfs/key",
    },
    "hex",
  ],
  keylocation: [
    {
      encryption: "aes-256-gcm",
      keyformat: "raw",
      keylocation: "file:///etc/zfs/key",
    },
    "file:///etc/zfs/other",
  ],
  normalization: [{ normalization: "formD" }, "formC"],
  utf8only: [{ utf8only: "on" }, "off"],
  volblocksize: [{ volblocksize: "8K" }, "64K"],
};

test.each(Object.keys(fixed))(
  "a change of %s is refused at preview, and one by another hand's creation when it is taken over",
  async (key) => {
    const [first = {}, other = ""] = fixed[key] ?? [];
    const make = key === "volblocksize" ? volume : inputs;
    const olds = make({ properties: first });
    const news = make({ properties: { ...first, [key]: other } });
    expect((await host.provider.check(olds, news)).failures).toEqual([
      {
        property: `properties.${key}`,
        reason: expect.stringMatching(/ZFS sets it at creation only/),
      },
    ]);
    expect(
      await host.provider.diff("1", { ...olds, guid: "1" }, news),
    ).toMatchObject({ changes: true, replaces: [] });
  },
);

test("the tables above have a row for each property", () => {
  expect([...Object.keys(rows), ...Object.keys(fixed)].sort()).toEqual(
    Object.keys(managed).sort(),
  );
});

test.each(["casesensitivity", "normalization", "utf8only"])(
  "%s is given at the creation, and then it is quiet",
  async (key) => {
    const [properties = {}] = fixed[key] ?? [];
    const declared = inputs({ properties });
    const { id, props } = await host.create(declared);
    expect((await host.look(id, props, declared)).changes).toBe(false);
    const wrong = inputs({
      properties: { ...properties, [key]: fixed[key]?.[1] },
    });
    await expect(host.provider.update(id, props, wrong)).rejects.toThrow(
      new RegExp(`${key} is .* ZFS sets it at creation only`),
    );
  },
);

/** Every input: a change, and whether it is refused at preview. */
const changes: Record<string, [unknown, "refused" | "made"]> = {
  owner: ["site/ZfsDataset/other", "made"],
  host: ["left", "refused"],
  name: ["other", "made"],
  dataset: ["tank/other", "refused"],
  poolGuid: ["123", "refused"],
  type: ["volume", "refused"],
  properties: [{ compression: "zstd" }, "made"],
  volsize: [64 * mebibyte, "refused"],
  snapshots: [{ schedule: "daily", keep: 7 }, "made"],
  adopt: [true, "made"],
  destroy: ["tank/vm@1", "made"],
  remake: [{ guid: "1" }, "made"],
  timeouts: [{ update: 60 }, "made"],
};

test("a change of each input is seen, and made or refused; none asks for another dataset", async () => {
  const { id, props } = await host.create(inputs());
  let state = props;
  for (const [key, [value, outcome]] of Object.entries(changes)) {
    const news = inputs({ [key]: value });
    expect(await host.provider.diff(id, state, news)).toMatchObject({
      changes: true,
      replaces: [],
    });
    const { failures = [] } = await host.provider.check(state, news);
    expect([key, failures.length > 0]).toEqual([key, outcome === "refused"]);
    if (outcome === "refused") continue;
    state = (await host.provider.update(id, state, news)).outs ?? {};
    const { changes: left } = await host.look(id, state, news);
    expect([key, left]).toEqual([key, false]);
  }
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

test.each<[string, Values, RegExp]>([
  [
    "an export by ZFS itself",
    { properties: { sharenfs: "on" } },
    /ZFS would export to everybody/,
  ],
  [
    "an SMB share by ZFS itself",
    { properties: { sharesmb: "on" } },
    /ZFS would export to everybody/,
  ],
  [
    "an unknown property",
    { properties: { colour: "red" } },
    /no property that can be declared/,
  ],
  [
    "a value that ZFS does not have",
    { properties: { sync: "never" } },
    /must be "standard" or/,
  ],
  [
    "another name of a value",
    { properties: { acltype: "posixacl" } },
    /must be "off" or "posix"/,
  ],
  [
    "a volume's property",
    { properties: { volblocksize: "8K" } },
    /for a volume only/,
  ],
  ["no size", { properties: { recordsize: "none" } }, /must be a size/],
  ["a pool", { dataset: "tank" }, /POOL\/PATH/],
  ["a snapshot", { dataset: "tank/vm@x" }, /POOL\/PATH/],
  ["a file system with volsize", { volsize: mebibyte }, /for a volume only/],
  [
    "a volume without volsize",
    { type: "volume", properties: {} },
    /must be there for a volume/,
  ],
  [
    "a broken volsize",
    { type: "volume", properties: {}, volsize: 1000 },
    /whole mebibytes/,
  ],
  [
    "a key without a place",
    { properties: { encryption: "aes-256-gcm", keyformat: "raw" } },
    /nobody can be asked for a key/,
  ],
  [
    "a destruction of something else",
    { destroy: "tank/other@1" },
    /must repeat what is to go/,
  ],
  [
    "a destruction without a GUID",
    { destroy: "tank/vm" },
    /must repeat what is to go/,
  ],
  [
    "a schedule that systemd does not have",
    { snapshots: { schedule: "often", keep: 1 } },
    /must be hourly/,
  ],
  [
    "no snapshot to keep",
    { snapshots: { schedule: "daily", keep: 0 } },
    /from 1 to/,
  ],
])("%s is refused at preview", async (_what, change, reason) => {
  const { failures = [] } = await host.provider.check({}, inputs(change));
  expect(failures.map((failure) => failure.reason).join()).toMatch(reason);
});

test.each<[string, string[], Values, RegExp]>([
  [
    "another pool of the name",
    [],
    { poolGuid: "123" },
    /has guid \d+, and 123 is meant: another pool has the name/,
  ],
  [
    "a pool that is not there",
    [],
    { dataset: "pond/vm", poolGuid: "123" },
    /pool pond .* is not imported/,
  ],
  [
    "a parent that is not there",
    [],
    { dataset: "tank/a/vm" },
    /tank\/a is not there/,
  ],
  [
    "a dataset without a mark",
    ["zfs create tank/vm"],
    {},
    /carries no mark of this site.*adopt: true/,
  ],
  [
    "another's dataset",
    ["zfs create -o hybrid-site:owner=site/ZfsDataset/else tank/vm"],
    {},
    /belongs to "site\/ZfsDataset\/else"/,
  ],
  [
    "another type",
    ["zfs create -V 64M tank/vm"],
    { adopt: true },
    /is a volume and filesystem is declared/,
  ],
])(
  "%s is refused, and nothing is made",
  async (_what, before, change, reason) => {
    for (const line of before) await host.run(line);
    const list = () => host.run("zfs list -Hp -o name,guid -r tank");
    const stood = await list();
    await expect(host.create(inputs(change))).rejects.toThrow(reason);
    expect(await list()).toBe(stood);
  },
);
