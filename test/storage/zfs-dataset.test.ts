import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setRights } from "../../lab/host/coreutils/files";
import { provider } from "../../providers/storage/zfs-dataset/lifecycle";
import { managed } from "../../providers/storage/zfs-dataset/managed";
import { schema } from "../../providers/storage/zfs-dataset/model";
import { type StorageHost, storageHost } from "../support/storage-host";
import { id as disk } from "../support/zfs-machine";

jest.setTimeout(120_000);

type Values = Record<string, unknown>;
const mebibyte = 2 ** 20;
let host: StorageHost;
let poolGuid: string;

beforeAll(async () => {
  host = await storageHost(provider);
  for (const path of ["/usr/local/sbin/x", "/etc/systemd/system/x"])
    host.world.put(path, "");
  await host.run(`zpool create tank mirror ${disk(1)} ${disk(2)}`);
  poolGuid = (await host.run("zpool get -Hp -o value guid tank")).trim();
});
afterEach(async () => {
  host.lab.faults.clear();
  const names = await host.run("zfs list -H -o name -d 1 -r tank");
  for (const name of names.split("\n").filter((item) => item.includes("/")))
    await host.run(`zfs destroy -r ${name}`);
  host.told();
});
afterAll(() => host.stop());

const inputs = (changes: Values = {}): Values => ({
  owner: "site/ZfsDataset/vm",
  host: "storage",
  name: "vm",
  dataset: "tank/vm",
  poolGuid,
  type: "filesystem",
  properties: { compression: "lz4", recordsize: "64K", atime: "off" },
  ...changes,
});
const volume = (changes: Values = {}): Values =>
  inputs({
    type: "volume",
    volsize: 64 * mebibyte,
    properties: { volblocksize: "16K", refreservation: "none" },
    ...changes,
  });
async function get(properties: string, dataset = "tank/vm") {
  const columns = "property,value,source";
  const out = await host.run(
    `zfs get -Hp -o ${columns} ${properties} ${dataset}`,
  );
  return out.trim().split("\n");
}
const timerFile = "/etc/systemd/system/hybrid-site-snapshots-vm.timer";
const scriptFile = "/usr/local/sbin/hybrid-site-snapshots-vm";
const units = () =>
  host.world.load<Record<string, { active: boolean; enabled: boolean }>>(
    "units",
    {},
  )["hybrid-site-snapshots-vm.timer"];

test("a file system is made with its mark and properties in one command, mounted, and then it is quiet", async () => {
  host.commands();
  const { id, props } = await host.create(inputs());
  const made = host
    .commands()
    .map((line) => line.replaceAll("'", ""))
    .filter((line) => line.includes("zfs create"));
  expect(made).toEqual([
    expect.stringContaining(
      "zfs create -o hybrid-site:owner=site/ZfsDataset/vm -o compression=lz4 -o recordsize=65536 -o atime=off tank/vm",
    ),
  ]);
  expect(
    await get("compression,recordsize,atime,mounted,hybrid-site:owner"),
  ).toEqual([
    "compression\tlz4\tlocal",
    "recordsize\t65536\tlocal",
    "atime\toff\tlocal",
    "mounted\tyes\t-",
    "hybrid-site:owner\tsite/ZfsDataset/vm\tlocal",
  ]);
  expect(props).toMatchObject({ guid: id, adopted: false });
  expect((await host.look(id, props, inputs())).changes).toBe(false);
  host.commands();
  await host.provider.update(id, props, inputs());
  expect(host.commands().join("\n")).not.toMatch(/zfs (set|inherit|create)/);
});

test("a volume grows, and never shrinks: at preview, and when it was grown by hand", async () => {
  const { id, props } = await host.create(volume());
  expect((await host.look(id, props, volume())).changes).toBe(false);
  const larger = volume({ volsize: 128 * mebibyte });
  const { outs = {} } = await host.provider.update(id, props, larger);
  expect(await get("volsize")).toEqual([
    expect.stringContaining(`volsize\t${128 * mebibyte}\t`),
  ]);
  expect((await host.look(id, outs, larger)).changes).toBe(false);
  const { failures = [] } = await host.provider.check(outs, volume());
  expect(failures).toEqual([
    { property: "volsize", reason: expect.stringMatching(/cut off the end/) },
  ]);
  await host.run(`zfs set volsize=${256 * mebibyte} tank/vm`);
  await expect(host.provider.update(id, outs, larger)).rejects.toThrow(
    /volsize is 268435456 and 134217728 is declared: ZFS would cut off/,
  );
  expect(await get("volsize")).toEqual([
    expect.stringContaining(`volsize\t${256 * mebibyte}\t`),
  ]);
});

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
    { dataset: "pond/vm" },
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

test("a mark that is only inherited is none", async () => {
  await host.run("zfs create -o hybrid-site:owner=site/ZfsDataset/vm tank/top");
  await host.run("zfs create tank/top/vm");
  await expect(host.create(inputs({ dataset: "tank/top/vm" }))).rejects.toThrow(
    /carries no mark of this site/,
  );
});

test("files that a mount would hide are not hidden", async () => {
  host.world.put("/tank/vm/precious", "data");
  await expect(host.create(inputs())).rejects.toThrow(
    /\/tank\/vm on host "storage" is not empty \(precious\)/,
  );
  expect(await host.run("zfs list -H -o name -r tank")).not.toMatch(/tank\/vm/);
  rmSync(host.world.path("/tank/vm"), { recursive: true });
});

test("a dataset that is taken over keeps its data and properties, and is let go without its mark", async () => {
  await host.run("zfs create -o quota=10G -o sync=always tank/vm");
  const declared = inputs({ adopt: true, properties: { compression: "lz4" } });
  const { id, props } = await host.create(declared);
  expect(props.adopted).toBe(true);
  expect(await get("quota,sync,compression")).toEqual([
    "quota\t10737418240\tlocal",
    "sync\talways\tlocal",
    "compression\tlz4\tlocal",
  ]);
  expect((await host.look(id, props, declared)).changes).toBe(false);
  await host.provider.delete(id, props);
  expect(await get("guid,hybrid-site:owner")).toEqual([
    `guid\t${id}\t-`,
    "hybrid-site:owner\t-\t-",
  ]);
});

test("drift of the mark is read and mended", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs inherit hybrid-site:owner tank/vm");
  const { found, changes } = await host.look(id, props, inputs());
  expect(changes).toBe(true);
  await host.provider.update(id, found, inputs());
  expect(await get("hybrid-site:owner")).toEqual([
    "hybrid-site:owner\tsite/ZfsDataset/vm\tlocal",
  ]);
});

test("a value that is right but inherited is not taken for declared", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs set compression=lz4 tank");
  await host.run("zfs inherit compression tank/vm");
  const { found, changes } = await host.look(id, props, inputs());
  expect([changes, found.properties]).toEqual([
    true,
    { recordsize: "64K", atime: "off" },
  ]);
  await host.provider.update(id, found, inputs());
  expect(await get("compression")).toEqual(["compression\tlz4\tlocal"]);
  await host.run("zfs inherit compression tank");
});

test("an export that somebody switched on in ZFS is drift, and is taken back", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs set sharenfs=on tank/vm");
  const { found, changes } = await host.look(id, props, inputs());
  expect(changes).toBe(true);
  await host.provider.update(id, found, inputs());
  expect(await get("sharenfs")).toEqual(["sharenfs\toff\tdefault"]);
});

test("a dataset that was renamed is not made again: the preview says how it gets its name back", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs rename tank/vm tank/moved");
  const { found, changes } = await host.look(id, props, inputs());
  expect([changes, found.dataset]).toEqual([true, "tank/moved"]);
  expect((await host.provider.check(found, inputs())).failures).toEqual([
    {
      property: "dataset",
      reason: expect.stringContaining("zfs rename tank/moved tank/vm"),
    },
  ]);
});

test("one that is gone is read as gone, another under its name, too, and that is neither changed nor destroyed", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs destroy tank/vm");
  expect(await host.provider.read(id, props)).toEqual({});
  await host.run("zfs create tank/vm");
  const stood = await get("all");
  expect(await host.provider.read(id, props)).toEqual({});
  await expect(host.provider.update(id, props, inputs())).rejects.toThrow(
    /is another one now/,
  );
  await host.provider.delete(id, { ...props, destroy: `tank/vm@${id}` });
  expect(await get("all")).toEqual(stood);
});

describe("deletion", () => {
  test("leaves the dataset with its mark, says so, and the next creation finds it", async () => {
    const { id, props } = await host.create(inputs());
    host.world.put("/tank/vm/file", "data");
    await host.provider.delete(id, props);
    expect(host.told()).toMatch(/tank\/vm \(guid \d+\) .* is left as it is/);
    const again = await host.create(inputs());
    expect(again.id).toBe(id);
    expect(readFileSync(host.world.path("/tank/vm/file"), "utf8")).toBe("data");
  });

  test("destroys what its GUID names, with its snapshots, and tells them before", async () => {
    const { id, props } = await host.create(inputs());
    await host.run("zfs snapshot tank/vm@one");
    await host.run("zfs snapshot tank/vm@two");
    await host.provider.delete(id, { ...props, destroy: `tank/vm@${id}` });
    expect(host.told()).toMatch(
      /destroys tank\/vm \(guid \d+\) .*, 2 snapshots of it and \d+ bytes: .*tank\/vm@one/,
    );
    expect(await host.run("zfs list -H -o name -r tank")).toBe("tank\n");
  });

  test.each<[string, (id: string) => string, string[], RegExp]>([
    [
      "another GUID",
      () => "tank/vm@1",
      [],
      /destroy names guid 1, but .*: nothing was destroyed/,
    ],
    [
      "children",
      (id) => id,
      ["zfs create tank/vm/child"],
      /holds tank\/vm\/child: nothing was destroyed/,
    ],
    [
      "no mark",
      (id) => id,
      ["zfs inherit hybrid-site:owner tank/vm"],
      /no longer carries this site's mark/,
    ],
  ])("destroys nothing with %s", async (_what, destroy, lines, reason) => {
    const { id, props } = await host.create(inputs());
    for (const line of lines) await host.run(line);
    await expect(
      host.provider.delete(id, { ...props, destroy: destroy(id) }),
    ).rejects.toThrow(reason);
    expect(await get("guid")).toEqual([`guid\t${id}\t-`]);
  });
});

describe("snapshots", () => {
  const scheduled = () =>
    inputs({ snapshots: { schedule: "hourly", keep: 24 } });
  const text = (path: string) => readFileSync(host.world.path(path), "utf8");

  test("are taken by a timer of the machine, which goes with the resource", async () => {
    const { id, props } = await host.create(scheduled());
    expect(text(timerFile)).toMatch(/^OnCalendar=hourly$/m);
    expect(text(scriptFile)).toMatch(new RegExp(`^guid=${id}$`, "m"));
    expect(units()).toMatchObject({ active: true, enabled: true });
    expect((await host.look(id, props, scheduled())).changes).toBe(false);
    const news = inputs({ snapshots: { schedule: "02:30", keep: 7 } });
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(text(timerFile)).toMatch(/^OnCalendar=02:30$/m);
    expect((await host.look(id, outs, news)).changes).toBe(false);
    await host.provider.delete(id, outs);
    expect(() => text(timerFile)).toThrow();
    expect(() => text(scriptFile)).toThrow();
    expect(units()).toMatchObject({ active: false, enabled: false });
  });

  test.each<[string, () => void]>([
    ["the schedule", () => bend(timerFile, "hourly", "daily")],
    ["the number", () => bend(scriptFile, "keep=24", "keep=1")],
    ["the script", () => bend(scriptFile, "set -eu", "")],
    ["a file", () => rmSync(host.world.path(scriptFile))],
    [
      "the script's owner",
      () => setRights(host.world, scriptFile, { owner: "nobody" }),
    ],
    [
      "the timer that is off",
      () =>
        host.world.save("units", {
          "hybrid-site-snapshots-vm.timer": { active: false, enabled: true },
        }),
    ],
  ])("drift of %s is read and mended", async (_what, drift) => {
    const { id, props } = await host.create(scheduled());
    const before = [text(timerFile), text(scriptFile)];
    drift();
    const { found, changes } = await host.look(id, props, scheduled());
    expect(changes).toBe(true);
    await host.provider.update(id, found, scheduled());
    expect([text(timerFile), text(scriptFile)]).toEqual(before);
    expect(units()).toMatchObject({ active: true, enabled: true });
    await host.provider.delete(id, props);
  });

  test("a schedule that was written and not read by systemd, because the connection went, is read by the next run", async () => {
    const { id, props } = await host.create(scheduled());
    const news = inputs({ snapshots: { schedule: "02:30", keep: 24 } });
    host.fault({
      kind: "cut-before",
      match: "systemctl daemon-reload",
      count: 100,
    });
    await expect(host.provider.update(id, props, news)).rejects.toThrow();
    host.lab.faults.clear();
    expect(text(timerFile)).toMatch(/^OnCalendar=02:30$/m);
    expect((await host.look(id, props, news)).changes).toBe(true);
    host.commands();
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(host.commands().join("\n")).toMatch(/daemon-reload/);
    expect((await host.look(id, outs, news)).changes).toBe(false);
    await host.provider.delete(id, outs);
  });

  test("of another site stay, and are told", async () => {
    const { id, props } = await host.create(inputs());
    const theirs = "#!/bin/sh\n# hybrid-site owner=other/ZfsDataset/vm\n";
    host.world.put(scriptFile, theirs);
    await expect(host.provider.update(id, props, scheduled())).rejects.toThrow(
      /hybrid-site-snapshots-vm on host "storage" takes the snapshots of "other\/ZfsDataset\/vm"\. Choose another name/,
    );
    await host.provider.delete(id, { ...props, ...scheduled() });
    expect(text(scriptFile)).toBe(theirs);
    rmSync(host.world.path(scriptFile));
  });

  test("are looked at all at once", async () => {
    const { id, props } = await host.create(scheduled());
    host.commands();
    await host.provider.read(id, props);
    const looks = host
      .commands()
      .filter((line) => /stat|systemctl|snapshots-vm/.test(line));
    expect(looks).toHaveLength(5);
    await host.provider.delete(id, props);
  });

  function bend(path: string, from: string, to: string): void {
    writeFileSync(host.world.path(path), text(path).replace(from, to));
  }
});

/** The connection goes at each command that changes something; the provider looks and goes on. */
test.each(
  [
    "zfs create",
    "zfs set compression",
    "zfs set volsize",
    "zfs inherit",
  ].flatMap((match) => [
    ["cut-before", match] as const,
    ["cut-after", match] as const,
  ]),
)("%s %s: everything ends as meant, and once", async (kind, match) => {
  host.fault({ kind, match });
  const declared = volume({ properties: { logbias: "throughput" } });
  const { id, props } = await host.create(declared);
  const news = volume({
    volsize: 128 * mebibyte,
    properties: { compression: "zstd" },
  });
  const { outs = {} } = await host.provider.update(id, props, news);
  expect(host.lab.faults.list).toEqual([]);
  expect(await get("compression,volsize,logbias")).toEqual([
    "compression\tzstd\tlocal",
    expect.stringContaining(`volsize\t${128 * mebibyte}\t`),
    "logbias\tlatency\tdefault",
  ]);
  expect((await host.look(id, outs, news)).changes).toBe(false);
});

test("a creation that dies is finished by the next one, which needs no adoption", async () => {
  host.fault({ kind: "cut-after", match: "zfs create" });
  host.fault({ kind: "cut-before", match: "zpool", count: 100 });
  await expect(host.create(inputs())).rejects.toThrow();
  host.lab.faults.clear();
  const { id, props } = await host.create(inputs());
  expect(props.adopted).toBe(false);
  expect((await host.look(id, props, inputs())).changes).toBe(false);
});

test("what ZFS says nothing about and does not do is an error", async () => {
  const { id, props } = await host.create(inputs());
  host.fault({ kind: "fails", match: "zfs set", code: 0, text: "" });
  const news = inputs({ properties: { compression: "zstd" } });
  await expect(host.provider.update(id, props, news)).rejects.toThrow(
    /did not take compression=zstd, and ZFS said nothing about it/,
  );
});
