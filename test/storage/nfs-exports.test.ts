import { readFileSync, rmSync, writeFileSync } from "node:fs";
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

type Values = Record<string, unknown>;
const file = "/etc/exports.d/hybrid-site-vm.exports";
const text = (path = file) => readFileSync(host.world.path(path), "utf8");
const put = (path: string, content: string) =>
  writeFileSync(host.world.path(path), content);
const fsid = "25a53cb2-db96-9a15-87e5-95f019ab997c";
const create = (inputs = exportsInputs()) => host.create(inputs);

test("a directory is exported to each client while its dataset is mounted, and then it is quiet", async () => {
  const { id, props } = await create();
  expect(text()).toBe(
    `# hybrid-site owner=site/NfsExports/vm
/tank/vm 10.0.40.11(rw,sync,no_root_squash,no_subtree_check,fsid=${fsid},mountpoint,sec=sys)
/tank/vm 10.0.41.0/24(rw,sync,no_root_squash,no_subtree_check,fsid=${fsid},mountpoint,sec=sys)
`,
  );
  const options = `(sync,wdelay,hide,no_subtree_check,fsid=${fsid},mountpoint,sec=sys,rw,no_root_squash,no_all_squash)`;
  expect(await host.exported()).toEqual([
    `/tank/vm  10.0.40.11${options}`,
    `/tank/vm  10.0.41.0/24${options}`,
  ]);
  expect((await host.look(id, props, exportsInputs())).changes).toBe(false);
  host.commands();
  await host.provider.update(id, props, exportsInputs());
  expect(host.commands().join("\n")).not.toMatch(/install|exportfs -u|rm /);
  await host.provider.delete(id, props);
  expect(await host.exported()).toEqual([]);
  expect(() => text()).toThrow();
});

/** Every input of an entry: a change, and what the server then says of one client. */
const changes: Record<string, [unknown, RegExp]> = {
  path: ["/tank/iso", /^\/tank\/iso {2}10.0.40.11\(/m],
  dataset: ["tank/iso", /^\/tank\/iso {2}/m],
  clients: [["10.0.40.12"], /^\/tank\/vm {2}10.0.40.12\(/],
  access: ["ro", /10.0.40.11\(.*,ro,no_root_squash/],
  sync: [false, /10.0.40.11\(async,/],
  squash: ["all", /10.0.40.11\(.*,root_squash,all_squash/],
  sec: [["krb5p", "krb5"], /10.0.40.11\(.*sec=krb5p:krb5,rw/],
  fsid: ["17", /10.0.40.11\(.*fsid=17,/],
  mountpoint: ["/tank/vm", /10.0.40.11\(.*,mountpoint,/],
  subtreeCheck: [true, /10.0.40.11\(sync,wdelay,hide,fsid/],
  anonUid: [1000, /10.0.40.11\(.*,anonuid=1000,/],
  anonGid: [100, /10.0.40.11\(.*,anongid=100,/],
};

test("a change of each key of an entry is seen, made and then quiet", async () => {
  const { id, props } = await create();
  let state = props;
  for (const [key, [value, expected]] of Object.entries(changes)) {
    const moved = { path: "/tank/iso", dataset: "tank/iso" };
    const isMove = key === "path" || key === "dataset";
    const news = exportsInputs({
      entries: [entry(isMove ? moved : { [key]: value })],
    });
    const { changes } = await host.provider.diff(id, state, news);
    expect([key, changes]).toEqual([key, key !== "dataset"]);
    state = (await host.provider.update(id, state, news)).outs ?? {};
    expect((await host.exported()).join("\n")).toMatch(expected);
    const { changes: left } = await host.look(id, state, news);
    expect([key, left]).toEqual([key, false]);
  }
  await host.provider.update(id, state, exportsInputs());
  expect(await host.exported()).toHaveLength(2);
});

const inputChanges: Record<string, [unknown, string[]]> = {
  owner: ["site/NfsExports/other", []],
  host: ["left", ["host"]],
  name: ["other", []],
  entries: [[entry({ access: "ro" })], []],
  adopt: [true, []],
  timeouts: [{ update: 30 }, []],
};

test.each(Object.keys(inputChanges))(
  "a change of input %s is made and then quiet",
  async (key) => {
    const [value, replaces] = inputChanges[key] ?? [];
    const { id, props } = await create();
    const news = exportsInputs({ [key]: value });
    expect(await host.provider.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
    });
    if (replaces?.length) return;
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(await host.exported()).toHaveLength(2);
    expect((await host.look(id, outs, news)).changes).toBe(false);
  },
);

test("the tables above have a row for each input", async () => {
  const { schema } = await import("../../providers/storage/nfs-exports/model");
  const { shape } = schema;
  expect(Object.keys(inputChanges).sort()).toEqual(Object.keys(shape).sort());
  expect(Object.keys(changes).sort()).toEqual(
    Object.keys(shape.entries.element.shape).sort(),
  );
});

const drifts: [string, () => unknown][] = [
  ["an option in the file", () => put(file, text().replace("rw,", "ro,"))],
  [
    "a client more in the file",
    () => put(file, `${text()}/tank/vm 10.9.9.9(rw)\n`),
  ],
  ["a comment in the file", () => put(file, `${text()}# mine\n`)],
  ["the mark", () => put(file, text().replace(/^#.*\n/, ""))],
  ["a line that is gone", () => put(file, text().replace(/^.*11\(.*\n/m, ""))],
  [
    "an export that somebody took away",
    () => host.run("exportfs -u 10.0.40.11:/tank/vm"),
  ],
  ["all that is exported", () => host.run("exportfs -au")],
  [
    "options set by hand",
    () =>
      host.run("exportfs -i -o ro,fsid=5,no_subtree_check 10.0.40.11:/tank/vm"),
  ],
];

test.each(drifts)(
  "drift of %s is read, and mended by the next update",
  async (_what, bend) => {
    const { id, props } = await create();
    const before = [text(), await host.exported()];
    await bend();
    const { found, changes } = await host.look(id, props, exportsInputs());
    expect(changes).toBe(true);
    const { outs = {} } = await host.provider.update(
      id,
      found,
      exportsInputs(),
    );
    expect([text(), await host.exported()]).toEqual(before);
    expect((await host.look(id, outs, exportsInputs())).changes).toBe(false);
  },
);

test.each(drifts)(
  "drift of %s keeps nothing exported that is refreshed and then destroyed",
  async (what, bend) => {
    const { id, props } = await create();
    await bend();
    const { found: once } = await host.look(id, props, exportsInputs());
    const { found } = await host.look(id, once, exportsInputs());
    if (what === "the mark")
      return expect(host.provider.delete(id, found)).rejects.toThrow(
        /no longer carries this site's mark/,
      );
    await host.provider.delete(id, found);
    expect(await host.exported()).toEqual([]);
    expect(() => text()).toThrow();
  },
);

test("what is live without its file is taken away, too", async () => {
  const { id, props } = await create();
  rmSync(host.world.path(file));
  await host.provider.delete(id, props);
  expect(await host.exported()).toEqual([]);
});

test("a file that is gone is made again", async () => {
  const { id, props } = await create();
  rmSync(host.world.path(file));
  expect(await host.provider.read(id, props)).toEqual({});
  await create();
  expect(await host.exported()).toHaveLength(2);
});

test.each<[string, Values, RegExp]>([
  ["everybody", { clients: ["*"] }, /must be an address or a network/],
  ["the world", { clients: ["0.0.0.0/0"] }, /wider than \/8/],
  ["the world of IPv6", { clients: ["::/0"] }, /wider than \/16/],
  ["a name", { clients: ["pve.example.net"] }, /a name is whatever DNS says/],
  [
    "a host's network",
    { clients: ["10.0.40.11/24"] },
    /without bits of a host/,
  ],
  ["a long prefix", { clients: ["10.0.40.0/33"] }, /at most 32/],
  ["nobody", { clients: [] }, /must not be empty/],
  ["a client twice", { clients: ["10.0.40.1", "10.0.40.1"] }, /already/],
  ["a relative path", { path: "tank" }, /absolute path/],
  ["a space", { path: "/tank/a b" }, /absolute path/],
  ["the root of NFSv4", { fsid: "0" }, /above 0/],
  ["a mount beside", { mountpoint: "/tank/v" }, /lie above/],
  ["no flavour", { sec: [] }, /must not be empty/],
  ["an unknown option", { insecure: true }, /Unrecognized/],
])("%s is refused at preview", async (_what, change, reason) => {
  const news = exportsInputs({ entries: [entry(change)] });
  const { failures = [] } = await host.provider.check({}, news);
  expect(failures.map((failure) => failure.reason).join()).toMatch(reason);
});

test("one fsid for two directories is refused at preview", async () => {
  const other = { path: "/tank/iso", dataset: "tank/iso" };
  const news = exportsInputs({
    entries: [entry({ fsid: "7" }), entry({ ...other, fsid: "7" })],
  });
  const { failures = [] } = await host.provider.check({}, news);
  expect(failures[0]?.reason).toMatch(/is that of \/tank\/vm, too/);
});

test("an adopted file is made as declared, and deletion lets it go with what it exports", async () => {
  put(file, "/tank/vm 10.0.40.99(ro,no_subtree_check)\n");
  await host.run("exportfs -a");
  const inputs = exportsInputs({ adopt: true });
  const { id, props } = await create(inputs);
  expect(props.adopted).toBe(true);
  expect(await host.exported()).toHaveLength(2);
  expect((await host.look(id, props, inputs)).changes).toBe(false);
  await host.provider.delete(id, props);
  expect(text()).not.toMatch(/hybrid-site/);
  expect(await host.exported()).toHaveLength(2);
});

test("another's file is neither read as ours nor taken away", async () => {
  const { id, props } = await create();
  put(file, text().replace("NfsExports/vm", "NfsExports/else"));
  expect(await host.provider.read(id, props)).toEqual({});
  await host.provider.delete(id, props);
  expect(await host.exported()).toHaveLength(2);
  put(file, text().replace(/^#.*\n/, ""));
  await expect(host.provider.delete(id, props)).rejects.toThrow(
    /no longer carries this site's mark/,
  );
});

test("a network of IPv6 is exported, and taken away again", async () => {
  const inputs = exportsInputs({
    entries: [entry({ clients: ["fd00:40::/64", "fd00:41::7"] })],
  });
  const { id, props } = await create(inputs);
  expect(await host.exported()).toHaveLength(2);
  expect((await host.look(id, props, inputs)).changes).toBe(false);
  await host.provider.delete(id, props);
  expect(await host.exported()).toEqual([]);
});

const sleeping: [string, string[], string][] = [
  ["does not run", ["stop"], "does not run, so nobody gets what is exported"],
  [
    "does not start with the host",
    ["disable"],
    "does not start with the host, so nobody gets what is exported after its next boot",
  ],
];

test.each(sleeping)(
  "a server that %s is told, when exports are made and at each look",
  async (_what, verbs, expected) => {
    for (const verb of verbs) await host.run(`systemctl ${verb} nfs-server`);
    const warning = `the NFS server of host "storage" ${expected}. "systemctl enable --now nfs-server" there mends that`;
    try {
      const { id, props } = await create();
      expect(host.told()).toContain(warning);
      await host.provider.read(id, props);
      expect(host.told()).toContain(warning);
      await host.run("systemctl enable --now nfs-server");
      await host.provider.read(id, props);
      expect(host.told()).toBe("");
    } finally {
      await host.run("systemctl enable --now nfs-server");
    }
  },
);
