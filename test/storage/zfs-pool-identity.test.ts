import {
  disk,
  mirror,
  type PoolHost,
  poolHost,
  tank,
} from "../support/zfs-pool";

type Values = Record<string, unknown>;

// Each command is a process of its own.
jest.setTimeout(120_000);

let host: PoolHost;
const said: string[] = [];

beforeEach(async () => {
  said.length = 0;
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  host = await poolHost();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await host.stop();
});

const byHand = (...words: string[]) =>
  host.run("zpool", "create", "-o", "ashift=12", ...words);
const guidOf = async (name: string) =>
  (await host.run("zpool", "get", "-Hpo", "value", "guid", name)).trim();
const owner = () =>
  host.run("zfs", "get", "-Hpo", "value,source", "hybrid-site:owner", "tank");
const names = () => host.run("zpool", "list", "-H", "-o", "name");
/** What is on the disks, and what is imported. */
const world = async () => [host.fingerprint(), await names()];

test("a pool of that name that is not ours is refused, and named", async () => {
  await byHand("tank", "mirror", disk(1), disk(2));
  const guid = await guidOf("tank");
  const before = await world();
  await expect(host.create()).rejects.toThrow(
    `a pool "tank" (GUID ${guid}) is imported on host "storage" and carries no mark of this site. Choose another name, or set adopt: { guid: "${guid}" }`,
  );
  await expect(host.create(tank({ adopt: { guid: "12" } }))).rejects.toThrow(
    "but adopt says GUID 12: it is another pool",
  );
  expect(await world()).toEqual(before);
});

test("a pool is adopted by its GUID, and forgotten as it was", async () => {
  await byHand("tank", "mirror", disk(1), disk(2));
  const guid = await guidOf("tank");
  const inputs = tank({ adopt: { guid }, dataset: { compression: "lz4" } });
  const { id, props } = await host.create(inputs);
  expect(id).toBe(guid);
  expect(await owner()).toBe("site/ZfsPool/tank\tlocal\n");
  expect(await host.isQuiet(id, props, inputs)).toBe(true);
  await host.pools.delete(id, props);
  expect(await owner()).toBe("-\t-\n");
  expect(await names()).toBe("tank\n");
  expect(said.join("")).toContain(
    `pool "tank" (GUID ${guid}) stays on host "storage" with all that is in it`,
  );
});

test.each<[string, Values, string]>([
  [
    "other disks",
    { vdevs: [mirror(1, 3)] },
    "a disk is replaced only when that is said",
  ],
  [
    "another ashift",
    { ashift: 13 },
    "the pool's vdevs have ashift 12, which they keep for good, and not 13",
  ],
  [
    "another name",
    { name: "data" },
    'is called "tank" on host "storage". Write that as its name',
  ],
])(
  "a pool with %s than declared is not adopted",
  async (_what, changes, why) => {
    await byHand("tank", "mirror", disk(1), disk(2));
    const before = await world();
    const adopt = { guid: await guidOf("tank") };
    await expect(host.create(tank({ adopt, ...changes }))).rejects.toThrow(why);
    expect(await world()).toEqual(before);
  },
);

test("a pool whose disks are open by names that do not last is not adopted", async () => {
  const target = (await host.run("readlink", "-f", disk(1))).trim();
  await byHand("tank", target);
  const guid = await guidOf("tank");
  await expect(
    host.create(
      tank({ adopt: { guid }, vdevs: [{ type: "stripe", disks: [disk(1)] }] }),
    ),
  ).rejects.toThrow(
    new RegExp(
      `has its disks open as ${target}1?, names that may mean other disks after the next boot`,
    ),
  );
});

test("another site's pool is neither adopted, changed nor destroyed", async () => {
  const { id, props } = await host.create();
  await host.run(
    "zfs",
    "set",
    "hybrid-site:owner=elsewhere/ZfsPool/tank",
    "tank",
  );
  const adopt = { guid: id };
  await expect(host.create(tank({ adopt }))).rejects.toThrow(
    'belongs to "elsewhere/ZfsPool/tank". Choose another name',
  );
  const news = tank({ dataset: { atime: false } });
  await expect(host.pools.update(id, props, news)).rejects.toThrow(
    'the pool belongs to "elsewhere/ZfsPool/tank" by now',
  );
  const found = await host.pools.read(id, props);
  expect(found.props?.owner).toBe("elsewhere/ZfsPool/tank");
  await host.pools.delete(id, { ...props, destroy: { guid: id } });
  expect(await names()).toBe("tank\n");
  expect(await owner()).toBe("elsewhere/ZfsPool/tank\tlocal\n");
});

test("a mark that a dataset inherits marks nothing", async () => {
  const { id } = await host.create();
  await host.run("zfs", "inherit", "hybrid-site:owner", "tank");
  await expect(host.create()).rejects.toThrow("carries no mark of this site");
  expect(id).toBe(await guidOf("tank"));
});

test("deletion forgets, can be repeated, and a pool declared again is the same one", async () => {
  const { id, props } = await host.create();
  const before = Object.keys(host.fingerprint());
  await host.pools.delete(id, props);
  await host.pools.delete(id, props);
  expect(await names()).toBe("tank\n");
  expect(Object.keys(host.fingerprint())).toEqual(before);
  expect((await host.create()).id).toBe(id);
});

test("destruction wants the pool's own GUID", async () => {
  const { id, props } = await host.create();
  await expect(
    host.pools.delete(id, { ...props, destroy: { guid: "12" } }),
  ).rejects.toThrow(
    `destroy says GUID 12, but the pool's is ${id}. Nothing was done`,
  );
  expect(await names()).toBe("tank\n");
  await host.pools.delete(id, { ...props, destroy: { guid: id } });
  expect(await names()).toBe("");
  await host.pools.delete(id, { ...props, destroy: { guid: id } });
});

test("another pool under the name is left alone by every verb", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "export", "tank");
  await byHand("tank", "mirror", disk(3), disk(4));
  const other = await guidOf("tank");
  await host.run("zfs", "set", "hybrid-site:owner=site/ZfsPool/tank", "tank");
  const before = await world();
  await expect(
    host.pools.update(id, props, tank({ dataset: { atime: false } })),
  ).rejects.toThrow(
    `no pool with GUID ${id} is imported on host "storage", and "tank" is another one, with GUID ${other}. Nothing was changed`,
  );
  await expect(host.pools.read(id, props)).rejects.toThrow(
    `the pool "tank" (GUID ${id}) is not imported on host "storage", but lies on its disks. To go on with it, import it by hand ("zpool import -d /dev/disk/by-id ${id}"`,
  );
  await expect(
    host.pools.delete(id, { ...props, destroy: { guid: id } }),
  ).rejects.toThrow("is not imported");
  await host.pools.delete(id, props);
  expect(await world()).toEqual(before);
});

test("a pool that somebody renamed is seen so, and not changed", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "export", "tank");
  await host.run("zpool", "import", "-d", "/dev/disk/by-id", id, "data");
  await expect(
    host.pools.update(id, props, tank({ dataset: { atime: false } })),
  ).rejects.toThrow(`the pool with GUID ${id} is called "data" now`);
  await expect(
    host.pools.delete(id, { ...props, destroy: { guid: id } }),
  ).rejects.toThrow('the pool to destroy is called "data" now');
  const found = await host.pools.read(id, props);
  expect(found.props?.name).toBe("data");
  expect(said.join("")).toContain(
    'is called "data" on host "storage" by now: somebody renamed it',
  );
  const { failures = [] } = await host.pools.check(found.props ?? {}, tank());
  expect(failures[0]?.reason).toContain(
    'a pool is never renamed here. Give it that name, with everything on it stopped, "zpool export data" and "zpool import -d /dev/disk/by-id data tank"',
  );
  const news = tank({ name: "data", owner: "site/ZfsPool/tank" });
  expect(await host.isQuiet(id, found.props ?? {}, news)).toBe(true);
});

test("a pool that is declared by another name keeps its disks, and the error says what a name is and how to give one", async () => {
  const { id } = await host.create();
  const renamed = (changes: Values = {}) =>
    tank({ name: "vault", owner: "site/ZfsPool/vault", ...changes });
  const before = await world();
  await expect(host.create(renamed())).rejects.toThrow(
    `its disks are those of pool "tank" (GUID ${id}), which is this site's, too: a pool is known by the name it is declared with, and under another name it is another pool. Nothing was done. Keep the name "tank", or have the pool renamed on host "storage", too: with everything on it stopped, "zpool export tank" and "zpool import -d /dev/disk/by-id tank vault" (for disks with two paths "-d /dev/mapper"), and declare "vault" with adopt: { guid: "${id}" }`,
  );
  expect(await world()).toEqual(before);
});

test("a pool that was renamed as the error says is taken over by its GUID, and its old name forgets it", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "export", "tank");
  await host.run("zpool", "import", "-d", "/dev/disk/by-id", "tank", "vault");
  const inputs = tank({ name: "vault", owner: "site/ZfsPool/vault" });
  await expect(host.create(inputs)).rejects.toThrow(
    'belongs to "site/ZfsPool/tank"',
  );
  const adopting = { ...inputs, adopt: { guid: id } };
  const taken = await host.create(adopting);
  expect(taken.id).toBe(id);
  expect(await host.isQuiet(id, taken.props, adopting)).toBe(true);
  await host.pools.delete(id, { ...props, destroy: { guid: id } });
  expect(await names()).toBe("vault\n");
  expect(await host.isQuiet(id, taken.props, adopting)).toBe(true);
});

test("other disks under known names stop every change", async () => {
  const { id, props } = await host.create();
  const disks = { ...(props.disks as Values), [disk(2)]: "12" };
  const news = tank({ dataset: { atime: false } });
  await expect(
    host.pools.update(id, { ...props, disks }, news),
  ).rejects.toThrow(
    new RegExp(
      `somebody put other disks under known names: ${disk(2)} \\(GUID \\d+, known is 12\\). Nothing was changed`,
    ),
  );
  await expect(
    host.pools.delete(id, { ...props, disks, destroy: { guid: id } }),
  ).rejects.toThrow("somebody put other disks under known names");
  expect(await names()).toBe("tank\n");
});

test("a pool that changes its GUID between the look and the change is not changed", async () => {
  const { id, props } = await host.create();
  host.fault({
    kind: "fails",
    match: "zpool get -H -p -o value guid",
    count: 1,
    text: "",
    code: 0,
  });
  await expect(
    host.pools.update(id, props, tank({ dataset: { atime: false } })),
  ).rejects.toThrow("it is another one, and nothing was done to it");
  expect(await host.run("zfs", "get", "-Hpo", "source", "atime", "tank")).toBe(
    "default\n",
  );
});

test("a pool that is exported is not gone", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "export", "tank");
  await expect(host.pools.read(id, props)).rejects.toThrow(
    "but lies on its disks",
  );
  await expect(host.create()).rejects.toThrow(
    `a pool "tank" (GUID ${id}) is on disks of the host and not imported. If it is the one, import it by hand ("zpool import -d /dev/disk/by-id ${id}"`,
  );
  await host.run("zpool", "import", "-d", "/dev/disk/by-id", id);
  expect(await host.isQuiet(id, props, tank())).toBe(true);
});

test("a pool that somebody destroyed is not gone, and its disks are not taken", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "destroy", "tank");
  const before = await world();
  await expect(host.pools.read(id, props)).rejects.toThrow(
    "somebody destroyed it, and it can still be had back",
  );
  await expect(host.create()).rejects.toThrow(
    `member of the destroyed pool "tank" (${id}), which "zpool import -D ${id}" can still bring back`,
  );
  await expect(host.create(tank({ adopt: { guid: id } }))).rejects.toThrow(
    "destroyed but whole, and not imported",
  );
  expect(await world()).toEqual(before);
});

test("a pool whose disks are away is not gone", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "export", "tank");
  host.pull(1);
  host.pull(2);
  await expect(host.pools.read(id, props)).rejects.toThrow(
    `its disks are not all there and blank:\n  ${disk(1)}: there is no such disk on the host`,
  );
});

test("a pool is gone when its disks are blank", async () => {
  const { id, props } = await host.create();
  await host.run("zpool", "export", "tank");
  for (const number of [1, 2]) host.fill(number, { kind: "blank" });
  expect(await host.pools.read(id, props)).toEqual({});
  await host.pools.delete(id, { ...props, destroy: { guid: id } });
  expect((await host.create()).id).not.toBe(id);
});

test("what a crash left before the state was written is found by the next run", async () => {
  const { id } = await host.create();
  const again = await host.create();
  expect(again.id).toBe(id);
  const news = tank({ dataset: { compression: "lz4" } });
  expect((await host.create(news)).id).toBe(id);
  expect(
    await host.run("zfs", "get", "-Hpo", "value", "compression", "tank"),
  ).toBe("lz4\n");
  await expect(host.create(tank({ vdevs: [mirror(3, 4)] }))).rejects.toThrow(
    "a mirror of",
  );
});
