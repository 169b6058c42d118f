import { readdirSync, readFileSync } from "node:fs";
import {
  disk,
  map,
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

beforeEach(() => {
  said.length = 0;
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await host.stop();
});

const changing = () =>
  host
    .commands()
    .map((line) => line.replaceAll("'", ""))
    .filter((line) =>
      /\b(zpool|zfs) (create|destroy|add|attach|replace|remove|detach|set|inherit|export|import \S*\d|labelclear|reguid)/.test(
        line,
      ),
    );

test("nothing is ever forced", async () => {
  host = await poolHost({ disks: 1 });
  const files = readdirSync("providers/storage", { recursive: true })
    .map((file) => `providers/storage/${file}`)
    .filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(20);
  const forcing = files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    // To these it means something else.
    const words = text.replace(/"(readlink|multipath)", "-f"/, "");
    return words.match(/["'`\s](-[a-zA-Z]*[fFX]|--force)["'`\s]/g) ?? [];
  });
  expect(forcing).toEqual([]);
});

test("a pool is made by one command that carries the mark", async () => {
  host = await poolHost();
  await host.create();
  const [line, ...others] = changing();
  expect(others).toEqual([]);
  expect(line).toContain(
    `zpool create -o ashift=12 -O hybrid-site:owner=site/ZfsPool/tank tank mirror ${disk(1)} ${disk(2)}`,
  );
  expect(
    await host.run(
      "zfs",
      "get",
      "-Hpo",
      "value,source",
      "hybrid-site:owner",
      "tank",
    ),
  ).toBe("site/ZfsPool/tank\tlocal\n");
});

test("disks with two paths make a pool on their maps", async () => {
  host = await poolHost({ paths: 2 });
  await host.hold(1, 2);
  const inputs = tank({ vdevs: [{ type: "mirror", disks: [map(1), map(2)] }] });
  const { id, props } = await host.create(inputs);
  expect(await host.isQuiet(id, props, inputs)).toBe(true);
});

test("a host whose ZFS has no JSON is managed alike", async () => {
  host = await poolHost({ version: "2.2.8" });
  const inputs = tank({
    vdevs: [mirror(1, 2), { ...mirror(3, 4), class: "special" }],
    spares: [disk(8)],
    properties: { autotrim: true },
    dataset: { compression: "lz4", xattr: "dir" },
  });
  const { id, props } = await host.create(inputs);
  expect(await host.isQuiet(id, props, inputs)).toBe(true);
  const news = {
    ...inputs,
    vdevs: [mirror(1, 5), { ...mirror(3, 4), class: "special" }],
    replace: [{ old: disk(2), new: disk(5) }],
  };
  const { outs = {} } = await host.pools.update(id, props, news);
  expect(await host.isQuiet(id, outs, news)).toBe(true);
  expect(host.commands().join("\n")).not.toContain("status -j");
});

test("a replacement is resilvered before it is done, and tells how far it is", async () => {
  host = await poolHost({ resilverMs: 1_500 });
  const { id, props } = await host.create();
  host.commands();
  const news = tank({
    vdevs: [mirror(1, 3)],
    replace: [{ old: disk(2), new: disk(3) }],
  });
  const { outs = {} } = await host.pools.update(id, props, news);
  const old = (props.disks as Values)[disk(2)];
  expect(changing()).toEqual([
    expect.stringContaining(`zpool replace tank ${old} ${disk(3)}`),
  ]);
  expect(said.join("")).toContain(`${disk(3)} takes the place of ${disk(2)}`);
  expect(said.join("")).toMatch(/the resilver of \S+: resilver, \d+ % done/);
  expect(Object.keys(outs.disks as Values)).toEqual([disk(1), disk(3)]);
  expect(await host.isQuiet(id, outs, news)).toBe(true);
});

test("a disk that is dead is replaced by its GUID", async () => {
  host = await poolHost();
  const { id, props } = await host.create();
  host.pull(2);
  const found = await host.pools.read(id, props);
  expect(found.props?.health).toBe("DEGRADED");
  expect(said.join("")).toContain("the pool is DEGRADED");
  const { [disk(2)]: guid } = props.disks as Record<string, string>;
  expect(said.join("")).toContain(
    `${disk(2)} is REMOVED in mirror-0, with 0 read, 0 write and 0 checksum errors. If it was only pulled or unplugged, plug it in, and "zpool online tank ${guid}" brings it back if ZFS does not by itself. If it is dead, write the new disk in its place in vdevs, and replace: [{ old: "${disk(2)}", new: NEW }]`,
  );
  expect(await host.isQuiet(id, props, tank())).toBe(true);
  const news = tank({
    vdevs: [mirror(1, 3)],
    replace: [{ old: disk(2), new: disk(3) }],
  });
  const { outs = {} } = await host.pools.update(id, found.props ?? {}, news);
  expect(outs.health).toBe("ONLINE");
  expect(await host.isQuiet(id, outs, news)).toBe(true);
});

test("a resilver that outlasts the deadline goes on, and the next run carries on", async () => {
  host = await poolHost({ resilverMs: 60_000 });
  const { id, props } = await host.create();
  const news = tank({
    vdevs: [mirror(1, 3)],
    replace: [{ old: disk(2), new: disk(3) }],
    timeouts: { update: 15 },
  });
  await expect(host.pools.update(id, props, news)).rejects.toThrow(
    /update took over 15 s, waiting for the resilver of .* It goes on by itself; the next "pulumi up" carries on/,
  );
  host.endScan(id);
  host.commands();
  const again = { ...news, timeouts: { update: 120 } };
  const { outs = {} } = await host.pools.update(
    id,
    { ...props, ...news },
    again,
  );
  expect(changing()).toEqual([]);
  expect(await host.isQuiet(id, outs, again)).toBe(true);
});

test("vdevs, a leg and a spare come in when that is said", async () => {
  host = await poolHost();
  const { id, props } = await host.create();
  const wide = tank({
    vdevs: [mirror(1, 2, 3)],
    add: [disk(3)],
    spares: [disk(9)],
  });
  const { outs = {} } = await host.pools.update(id, props, wide);
  expect(await host.isQuiet(id, outs, wide)).toBe(true);
  host.commands();
  const more = tank({
    vdevs: [
      mirror(1, 2, 3),
      mirror(4, 5, 6),
      { ...mirror(7, 8), class: "log" },
    ],
    add: [4, 5, 6].map(disk),
    spares: [disk(9)],
  });
  const { outs: then = {} } = await host.pools.update(id, outs, more);
  expect(await host.isQuiet(id, then, more)).toBe(true);
  const lines = host
    .commands()
    .map((line) => line.replaceAll("'", ""))
    .filter((line) => line.includes("zpool add"));
  expect(lines[0]).toContain("zpool add -n -o ashift=12 tank mirror");
  expect(lines[1]).toContain("zpool add -o ashift=12 tank mirror");
  expect(lines).toHaveLength(2);
});

test("a raidz grows by one disk after another", async () => {
  host = await poolHost();
  const raidz = (...numbers: number[]) => ({
    type: "raidz1",
    disks: numbers.map(disk),
  });
  const { id, props } = await host.create(tank({ vdevs: [raidz(1, 2, 3)] }));
  const news = tank({ vdevs: [raidz(1, 2, 3, 4, 5)], add: [disk(4), disk(5)] });
  const { outs = {} } = await host.pools.update(id, props, news);
  expect(await host.isQuiet(id, outs, news)).toBe(true);
});

test("a spare in use is told and left alone", async () => {
  host = await poolHost();
  const inputs = tank({ spares: [disk(9)] });
  const { id, props } = await host.create(inputs);
  host.pull(2);
  await host.run("zpool", "status");
  await new Promise((resolve) => setTimeout(resolve, 400));
  const found = await host.pools.read(id, props);
  expect(found.props?.sparesInUse).toEqual([`${disk(9)} for ${disk(2)}`]);
  expect(said.join("")).toContain(`spare in use: ${disk(9)} for ${disk(2)}`);
  expect(said.join("")).toContain(
    `${disk(2)} is REMOVED in mirror-0, with 0 read, 0 write and 0 checksum errors. The spare ${disk(9)} stands in for it until it is replaced or back. If it was`,
  );
  expect(await host.isQuiet(id, props, inputs)).toBe(true);
  host.commands();
  await host.pools.update(id, found.props ?? {}, {
    ...inputs,
    dataset: { atime: false },
  });
  expect(changing()).toEqual([
    expect.stringContaining("zfs set atime=off tank"),
  ]);
});

test.each<[string, Values, string]>([
  [
    "a smaller disk",
    { vdevs: [mirror(1, 11)], replace: [{ old: disk(2), new: disk(11) }] },
    "is smaller than",
  ],
  [
    "a smaller leg",
    { vdevs: [mirror(1, 2, 11)], add: [disk(11)] },
    "is smaller than",
  ],
  [
    "a disk that is not there",
    { vdevs: [mirror(1, 55)], replace: [{ old: disk(2), new: disk(55) }] },
    `${disk(55)}: there is no such disk on the host`,
  ],
])("%s comes into no pool, and is as it was", async (_what, changes, why) => {
  host = await poolHost({ small: [11] });
  const { id, props } = await host.create();
  const before = host.fingerprint();
  host.commands();
  await expect(host.pools.update(id, props, tank(changes))).rejects.toThrow(
    why,
  );
  expect(changing()).toEqual([]);
  expect(host.fingerprint()).toEqual(before);
});
