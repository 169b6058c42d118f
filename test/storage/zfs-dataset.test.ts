import { readFileSync, rmSync } from "node:fs";
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

test("a dataset of a pool that somebody renamed is not gone, and is not changed", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zpool export tank");
  await host.run("zpool import -d /dev/disk/by-id tank vault");
  try {
    const { found, changes } = await host.look(id, props, inputs());
    expect([changes, found.dataset]).toEqual([false, "tank/vm"]);
    await expect(
      host.provider.update(id, props, inputs({ properties: {} })),
    ).rejects.toThrow(/pool tank \(guid \d+\) is called vault on host/);
    // By its pool's new name it is another resource, which has it without a copy.
    const renamed = inputs({
      name: "vault-vm",
      owner: "site/ZfsDataset/vault-vm",
      dataset: "vault/vm",
    });
    await expect(host.create(renamed)).rejects.toThrow(
      'belongs to "site/ZfsDataset/vm"',
    );
    const taken = await host.create({ ...renamed, adopt: true });
    expect(taken.id).toBe(id);
    await host.provider.delete(id, props);
    expect(await get("hybrid-site:owner", "vault/vm")).toEqual([
      "hybrid-site:owner\tsite/ZfsDataset/vault-vm\tlocal",
    ]);
  } finally {
    await host.run("zpool export vault");
    await host.run("zpool import -d /dev/disk/by-id vault tank");
  }
});

test("one that is lost is told, and an empty one is made in its place only when that is said", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs destroy tank/vm");
  const { props: found = {} } = await host.provider.read(id, props);
  const loss = `tank/vm (guid ${id}) is no longer on host "storage": somebody destroyed it, with its data and its snapshots`;
  expect(host.told()).toContain(`${loss} ("zpool history tank" says when)`);
  await expect(
    host.provider.update(id, props, inputs({ properties: {} })),
  ).rejects.toThrow(loss);
  for (const remake of [undefined, { guid: "12" }]) {
    const { failures } = await host.provider.check(found, inputs({ remake }));
    expect(failures).toEqual([
      {
        property: "remake",
        reason: `${loss}. To have an empty one made in its place, write remake: { guid: "${id}" } at it; to give it up, declare it no longer`,
      },
    ]);
  }
  const said = inputs({ remake: { guid: id } });
  expect((await host.provider.check(found, said)).failures).toEqual([]);
  expect(await host.provider.diff(id, found, said)).toMatchObject({
    replaces: ["remake"],
  });
  await host.provider.delete(id, found);
  const again = await host.create(said);
  expect(host.told()).toContain("tank/vm is made anew, and is empty");
  expect(again.id).not.toBe(id);
  // What was said once has no meaning for the new one.
  expect((await host.look(again.id, again.props, said)).changes).toBe(false);
  expect(await host.provider.diff(again.id, again.props, said)).toMatchObject({
    replaces: [],
  });
});

test("one that was lost under its name and is found again is as it was", async () => {
  const { id, props } = await host.create(inputs());
  const lost = { ...props, remake: { guid: id, lost: true } };
  expect(await host.look(id, lost, inputs())).toMatchObject({ changes: false });
});

test("another one under the name is seen, and neither changed nor destroyed", async () => {
  const { id, props } = await host.create(inputs());
  await host.run("zfs destroy tank/vm");
  await host.run("zfs create tank/vm");
  const stood = await get("all");
  const { props: found } = await host.provider.read(id, props);
  expect(found?.remake).toEqual({ guid: id, lost: true });
  expect(host.told()).toContain("another one is there under its name (guid");
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
