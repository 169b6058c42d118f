import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  exportsEntry as entry,
  exportsHost,
  exportsInputs,
  type NfsHost,
} from "../support/nfs";

jest.setTimeout(60_000);

let host: NfsHost;
beforeAll(async () => {
  host = await exportsHost();
});
beforeEach(() => host.clean());
afterAll(() => host.stop());

const file = "/etc/exports.d/hybrid-site-vm.exports";
const text = (path = file) => readFileSync(host.world.path(path), "utf8");
const put = (path: string, content: string) =>
  writeFileSync(host.world.path(path), content);
const fsid = "25a53cb2-db96-9a15-87e5-95f019ab997c";
const create = (inputs = exportsInputs()) => host.create(inputs);

test.each<[string, () => unknown, RegExp]>([
  [
    "a dataset that is not mounted",
    () => host.run("zfs unmount tank/vm"),
    /dataset tank\/vm, which has mountpoint \/tank\/vm and is not mounted: clients would get the disk below/,
  ],
  [
    "a path that another file exports to the same client",
    () =>
      put(
        "/etc/exports.d/theirs.exports",
        "/tank/vm 10.0.40.11(ro,no_subtree_check)\n",
      ),
    /theirs.exports on host "storage" exports \/tank\/vm to 10.0.40.11 already/,
  ],
  [
    "an fsid that another directory has",
    () =>
      put("/etc/exports", `/srv 10.1.1.1(ro,no_subtree_check,fsid=${fsid})\n`),
    /fsid .*, as \/srv on host "storage" has/,
  ],
  [
    "a file that is another's",
    () => put(file, "# hybrid-site owner=site/NfsExports/else\n"),
    /belongs to "site\/NfsExports\/else"/,
  ],
  [
    "a file without a mark",
    () => put(file, "/srv 10.1.1.1(ro,no_subtree_check)\n"),
    /carries no mark of this site.*adopt: true/,
  ],
])("%s is refused, and nothing is exported", async (_what, bend, reason) => {
  await bend();
  await expect(create()).rejects.toThrow(reason);
  await host.run("zfs mount tank/vm");
  expect(await host.exported()).toEqual([]);
});

test("what the server does not take is taken back: the file and what was exported are as before", async () => {
  const { id, props } = await create();
  const before = [text(), await host.exported()];
  host.fault({ match: "exportfs -a", kind: "fails", text: "exportfs: no" });
  const news = exportsInputs({ entries: [entry({ access: "ro" })] });
  await expect(host.provider.update(id, props, news)).rejects.toThrow(
    /10.0.40.11 is exported with other options.*exportfs said: no.*exported before is exported again/,
  );
  expect([text(), await host.exported()]).toEqual(before);
});

test("a first file that the server does not take is not left there", async () => {
  host.fault({ match: "exportfs -a", kind: "fails", text: "exportfs: no" });
  await expect(create()).rejects.toThrow(/is not exported/);
  expect(() => text()).toThrow();
  await create();
});

test("what others export stays, is told, and outlives us, also by hand and with a fault in their file", async () => {
  put(
    "/etc/exports.d/zfs.exports",
    "/tank/vm *(rw,no_subtree_check)\n/srv 10.1.1.1(ro,no_subtree_check,foo)\n",
  );
  await expect(host.run("exportfs -a")).rejects.toThrow(/unknown keyword/);
  mkdirSync(host.world.path("/opt"), { recursive: true });
  // It exports what it is asked for, and still ends in the file's fault.
  const byHand = host.run("exportfs -o ro,no_subtree_check 10.2.2.2:/opt");
  await expect(byHand).rejects.toThrow(/unknown keyword/);
  const { id, props } = await create();
  expect(host.told()).toMatch(
    /also exports \/tank\/vm to \* \(rw, \/etc\/exports.d\/zfs.exports\)/,
  );
  expect(await host.exported()).toHaveLength(4);
  expect((await host.look(id, props, exportsInputs())).changes).toBe(false);
  await host.provider.delete(id, props);
  expect((await host.exported()).map((line) => line.split("(")[0])).toEqual([
    "/opt  10.2.2.2",
    "/tank/vm  *",
  ]);
});

/** The connection goes at a command, before it runs or after; the provider looks and goes on. */
const cuts = [
  ["cut-before", "install"],
  ["cut-after", "mv"],
  ["cut-before", "exportfs -a"],
  ["cut-after", "exportfs -a"],
  ["cut-after", "flock"],
] as const;
test.each(cuts)(
  "%s %s: create and update end as meant",
  async (kind, match) => {
    host.fault({ kind, match });
    const { id, props } = await create();
    expect(await host.exported()).toHaveLength(2);
    const news = exportsInputs({
      entries: [entry({ clients: ["10.0.40.12"] })],
    });
    host.fault({ kind, match });
    await host.provider.update(id, props, news);
    expect(await host.exported()).toEqual([expect.stringMatching(/40\.12\(/)]);
  },
);

test.each([
  ["cut-after", "exportfs -u"],
  ["cut-before", "rm"],
] as const)("%s %s: deletion ends as meant", async (kind, match) => {
  const { id, props } = await create();
  host.fault({ kind, match });
  await host.provider.delete(id, props);
  expect(await host.exported()).toEqual([]);
  expect(() => text()).toThrow();
});

test.each(["exportfs -u", "mv"])(
  "a run that ends at %s leaves the old or the new, and the next one finishes",
  async (match) => {
    const { id, props } = await create();
    const news = exportsInputs({
      entries: [entry({ clients: ["10.0.40.12"], access: "ro" })],
    });
    host.fault({ match, kind: "cut-before", count: 100 });
    await expect(host.provider.update(id, props, news)).rejects.toThrow();
    host.lab.faults.clear();
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(await host.exported()).toEqual([
      expect.stringMatching(/^\/tank\/vm {2}10.0.40.12\(.*,ro,/),
    ]);
    expect((await host.look(id, outs, news)).changes).toBe(false);
  },
);
