import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { installMultipath } from "../../lab/host/disks/multipath/maps";
import { provider } from "../../providers/storage/multipath-map/lifecycle";
import { schema } from "../../providers/storage/multipath-map/model";
import { type StorageHost, storageHost } from "../support/storage-host";
import { disk } from "../support/zfs-machine";

jest.setTimeout(120_000);

type Values = Record<string, unknown>;
const settings = "/etc/multipath/conf.d/hybrid-site.conf";
const list = "/etc/multipath/wwids";
const wwid = (number: number) => `3${disk(number).wwn.slice(2)}`;

let host: StorageHost;
beforeEach(async () => {
  host = await storageHost(
    provider,
    [1, 2, 3].map((number) => disk(number, { paths: 2 })),
  );
  host.world.put("/etc/multipath/conf.d/.keep", "");
  installMultipath(host.world);
});
afterEach(() => host.stop());

const inputs = (changes: Values = {}): Values => ({
  owner: "site/MultipathMap/shelves",
  host: "storage",
  name: "shelves",
  wwids: [wwid(1), wwid(2)],
  timeouts: { create: 20, update: 20 },
  ...changes,
});
const text = (path: string) => readFileSync(host.world.path(path), "utf8");
const listed = () =>
  text(list)
    .split("\n")
    .filter((line) => line.startsWith("/"));
async function maps(): Promise<Record<string, number>> {
  const out = await host.run("multipathd show maps json");
  const found = JSON.parse(out) as { maps: { uuid: string; paths: number }[] };
  return Object.fromEntries(found.maps.map(({ uuid, paths }) => [uuid, paths]));
}

test("listed disks get a map with all paths, others none, and then it is quiet", async () => {
  const { id, props } = await host.create(inputs());
  expect(text(settings)).toMatch(
    /find_multipaths strict\n\tuser_friendly_names no/,
  );
  expect(listed()).toEqual([`/${wwid(1)}/`, `/${wwid(2)}/`]);
  expect(await maps()).toEqual({ [wwid(1)]: 2, [wwid(2)]: 2 });
  expect(props.maps).toMatchObject({
    [wwid(1)]: {
      device: `/dev/mapper/${wwid(1)}`,
      paths: expect.objectContaining({}),
    },
  });
  expect((await host.look(id, props, inputs())).changes).toBe(false);
  await host.provider.delete(id, props);
  expect(listed()).toEqual([]);
  expect(await maps()).toEqual({});
  expect(() => text(settings)).toThrow();
});

const changes: Record<string, [unknown, string[]]> = {
  owner: ["site/MultipathMap/other", []],
  host: ["left", ["host"]],
  name: ["other", []],
  wwids: [[wwid(2), wwid(3)], []],
  paths: [1, []],
  blacklist: [{ devnodes: ["^nvme"], wwids: [`^${wwid(1)}0$`] }, []],
  adopt: [true, []],
  timeouts: [{ update: 30 }, []],
};

test("a change of each input is made, and then it is quiet", async () => {
  const { id, props } = await host.create(inputs());
  let state = props;
  for (const [key, [value, replaces]] of Object.entries(changes)) {
    const news = inputs({ [key]: value });
    expect(await host.provider.diff(id, state, news)).toMatchObject({
      changes: true,
      replaces,
    });
    if (replaces.length > 0) continue;
    state = (await host.provider.update(id, state, news)).outs ?? {};
    const wwids = news.wwids as string[];
    expect(Object.keys(await maps()).sort()).toEqual([...wwids].sort());
    const { changes: left } = await host.look(id, state, news);
    expect([key, left]).toEqual([key, false]);
  }
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

const drifts: [string, () => unknown][] = [
  ["the settings", () => bend(settings, "strict", "greedy")],
  ["the mark", () => bend(settings, /^#.*\n/, "")],
  ["a WWID that is no longer listed", () => bend(list, `/${wwid(1)}/\n`, "")],
  ["a map that is gone", () => host.run(`multipath -f ${wwid(1)}`)],
];

test.each(drifts)(
  "drift of %s is read, and mended by the next update",
  async (_what, drift) => {
    const { id, props } = await host.create(inputs());
    const before = text(settings);
    await drift();
    const { found, changes } = await host.look(id, props, inputs());
    expect(changes).toBe(true);
    const { outs = {} } = await host.provider.update(id, found, inputs());
    expect(text(settings)).toBe(before);
    expect((await host.look(id, outs, inputs())).changes).toBe(false);
  },
);

test.each(drifts)(
  "drift of %s keeps no disk listed that is refreshed and then destroyed",
  async (what, drift) => {
    const { id, props } = await host.create(inputs());
    await drift();
    const { found: once } = await host.look(id, props, inputs());
    const { found } = await host.look(id, once, inputs());
    if (what === "the mark")
      return expect(host.provider.delete(id, found)).rejects.toThrow(
        /no longer carries this site's mark/,
      );
    await host.provider.delete(id, found);
    expect(listed()).toEqual([]);
    expect(() => text(settings)).toThrow();
  },
);

function bend(path: string, from: string | RegExp, to: string): void {
  writeFileSync(host.world.path(path), text(path).replace(from, to));
}

test.each<[string, () => unknown, Values, RegExp]>([
  [
    "a disk of a pool on one of its paths",
    () => host.run(`zpool create tank /dev/disk/by-id/wwn-${disk(1).wwn}`),
    {},
    new RegExp(
      `${wwid(1)} is in use by pool "tank" without a map.*zpool export`,
    ),
  ],
  [
    "a disk that nobody sees",
    () => undefined,
    { wwids: [wwid(9)] },
    /sees no disk/,
  ],
  [
    "settings that are another's",
    () =>
      host.world.put(settings, "# hybrid-site owner=site/MultipathMap/else\n"),
    {},
    /belongs to "site\/MultipathMap\/else"/,
  ],
  [
    "settings without a mark",
    () => host.world.put(settings, "defaults {\n}\n"),
    {},
    /carries no mark of this site/,
  ],
])(
  "%s is refused, and nothing is listed",
  async (_what, before, change, reason) => {
    await before();
    await expect(host.create(inputs(change))).rejects.toThrow(reason);
    expect(await maps()).toEqual({});
  },
);

test.each<[string, Values, RegExp]>([
  ["a WWN for a WWID", { wwids: [disk(1).wwn] }, /must be a WWID/],
  ["a WWID twice", { wwids: [wwid(1), wwid(1)] }, /twice/],
  ["no WWID", { wwids: [] }, /must not be empty/],
  ["a quote", { blacklist: { devnodes: ['a"'] } }, /without blanks and quotes/],
])("%s is refused at preview", async (_what, change, reason) => {
  const { failures = [] } = await host.provider.check({}, inputs(change));
  expect(failures.map((failure) => failure.reason).join()).toMatch(reason);
});

test("a disk with fewer paths than declared is waited for, then named with what it has", async () => {
  const news = inputs({ paths: 3, timeouts: { create: 16 } });
  await expect(host.create(news)).rejects.toThrow(
    new RegExp(
      `${wwid(1)} has 2 of 3 paths \\(sd\\w+ active ready, sd\\w+ active ready\\)`,
    ),
  );
});

test("a map that a pool is on is not taken away, and the pool goes on", async () => {
  const { id, props } = await host.create(inputs());
  await host.run(`zpool create tank /dev/mapper/${wwid(1)}`);
  await expect(host.provider.delete(id, props)).rejects.toThrow(
    new RegExp(
      `/dev/mapper/${wwid(1)} is in use by pool "tank": nothing was removed`,
    ),
  );
  const news = inputs({ wwids: [wwid(2)] });
  await expect(host.provider.update(id, props, news)).rejects.toThrow(
    /in use by pool "tank"/,
  );
  expect(await maps()).toEqual({ [wwid(1)]: 2, [wwid(2)]: 2 });
  expect(await host.run("zpool list -H -o health tank")).toBe("ONLINE\n");
});

test("WWIDs that were listed before stay listed", async () => {
  host.world.put(list, `/${wwid(1)}/\n/${wwid(3)}/\n`);
  const { id, props } = await host.create(inputs());
  await host.provider.delete(id, props);
  expect(listed()).toEqual([`/${wwid(1)}/`, `/${wwid(3)}/`]);
});

test.each(
  ["multipath -a", "multipathd reconfigure", "mv"].flatMap((match) => [
    ["cut-before", match] as const,
    ["cut-after", match] as const,
  ]),
)(
  "%s %s: creation ends as meant, and deletion takes away what is ours",
  async (kind, match) => {
    host.fault({ kind, match });
    const { id, props } = await host.create(inputs());
    expect(await maps()).toEqual({ [wwid(1)]: 2, [wwid(2)]: 2 });
    expect((await host.look(id, props, inputs())).changes).toBe(false);
    host.fault({
      kind,
      match: match === "multipath -a" ? "multipath -w" : match,
    });
    await host.provider.delete(id, props);
    expect(listed()).toEqual([]);
    expect(await maps()).toEqual({});
  },
);

test("the maps are there again after a boot", async () => {
  const { id, props } = await host.create(inputs());
  host.lab.reboot();
  expect((await host.look(id, props, inputs())).changes).toBe(false);
  rmSync(host.world.path(settings));
  expect(await host.provider.read(id, props)).toEqual({});
});
