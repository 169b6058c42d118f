import { readFileSync } from "node:fs";
import { effective } from "../../lab/host/samba/effective";
import {
  docs,
  passwords,
  type SmbHost,
  smbHost,
  smbInputs,
} from "../support/smb";

jest.setTimeout(60_000);

let host: SmbHost;
beforeAll(async () => {
  host = await smbHost();
});
beforeEach(() => host.clean());
afterAll(() => host.stop());

type Values = Record<string, unknown>;
const conf = () => readFileSync(host.world.path("/etc/samba/smb.conf"), "utf8");
const create = (inputs = smbInputs()) => host.create(inputs);
const as = (user: "office" | "scanner", password = passwords[user]) => ({
  user,
  password,
});

test("a share is there for its accounts at its addresses while its dataset is mounted, and then it is quiet", async () => {
  const before = conf();
  const { id, props } = await create();
  expect(await host.registry()).toBe(`[docs]
	hybrid-site:owner = site/SmbShares/storage
	path = /tank/docs
	read only = yes
	guest ok = no
	valid users = office scanner
	write list = office
	hosts allow = 10.0.30.0/24 10.0.20.9
	force group = 
	admin users = 
	force user = 
	read list = 
	guest only = no
	hosts deny = 
	wide links = no
	root preexec = /usr/bin/mountpoint --quiet /tank/docs
	root preexec close = yes

`);
  expect(conf()).toBe(`${before}# BEGIN hybrid-site owner=site/SmbShares/storage
[global]
	registry shares = yes
	interfaces = 127.0.0.1 10.0.20.10
	bind interfaces only = yes
	smb ports = 445
	disable netbios = yes
# END hybrid-site
`);
  expect(await host.listening()).toEqual(["127.0.0.1", "10.0.20.10"]);
  expect(host.gets("docs", as("office"))).toBe("rw");
  expect(host.gets("docs", as("scanner"))).toBe("ro");
  expect(host.gets("docs", as("office", "wrong"))).toBeUndefined();
  expect(host.gets("docs", {})).toBeUndefined();
  expect(
    host.gets("docs", { ...as("office"), address: "10.0.31.5" }),
  ).toBeUndefined();
  await host.run("zfs unmount tank/docs");
  expect(host.gets("docs", as("office"))).toBeUndefined();
  await host.run("zfs mount tank/docs");
  expect((await host.look(id, props, smbInputs())).changes).toBe(false);
  host.commands();
  await host.provider.update(id, props, smbInputs());
  expect(host.commands().join("\n")).not.toMatch(
    /install|import|smbpasswd|restart|enable |smbcontrol|modify/,
  );
  expect(host.sentAway()).toEqual([]);
  await host.provider.delete(id, props);
  expect(await host.registry()).toBe("");
  expect(conf()).toBe(before);
  expect(await host.run("pdbedit --list")).toBe("");
  expect(await host.listening()).toEqual([]);
  expect(host.told()).toMatch(/smbd on host "storage" is stopped/);
});

test.each([
  ["admin users = office", "admin users", ""],
  ["force user = root", "force user", ""],
  ["force group = root", "force group", ""],
  ["write list = scanner", "write list", "office"],
  ["read list = office", "read list", ""],
  ["public = yes", "guest ok", "no"],
  ["guest only = yes", "guest only", "no"],
  ["hosts deny = 192.0.2.1", "hosts deny", ""],
  ["wide links = yes", "wide links", "no"],
  ["writeable = yes", "read only", "yes"],
])(
  "%s for all shares of the host gives nobody more of ours",
  async (line, key, value) => {
    host.world.put("/etc/samba/smb.conf", `[global]\n\t${line}\n`);
    await create();
    const found = effective(host.world, "/etc/samba/smb.conf", () => undefined);
    const [share] = found?.shares ?? [];
    expect(share?.parameters.get(key)).toBe(value);
    expect(host.gets("docs", as("office"))).toBe("rw");
    expect(host.gets("docs", as("scanner"))).toBe("ro");
    const elsewhere = { ...as("office"), address: "10.0.31.5" };
    expect(host.gets("docs", elsewhere)).toBeUndefined();
    expect(host.gets("docs", {})).toBeUndefined();
  },
);

test("nmbd, which is on every address, is stopped while there are shares, and off with the last", async () => {
  expect(await host.listening()).toContain("0.0.0.0:137");
  const { id, props } = await create();
  expect(host.told()).toMatch(/nmbd on host "storage" is stopped/);
  await host.run("systemctl restart nmbd");
  expect(await host.listening()).toEqual(["127.0.0.1", "10.0.20.10"]);
  await host.provider.delete(id, props);
  await expect(host.run("systemctl is-enabled nmbd")).rejects.toThrow();
  expect(await host.listening()).toEqual([]);
});

test("no password is in an argument, in a file, or in what is told", async () => {
  await create();
  const seen = [
    host.commands().join("\n"),
    host.told(),
    conf(),
    await host.registry(),
    await host.run("pdbedit --list --verbose"),
    readFileSync(`${host.world.directory}/parts/passdb.json`, "utf8"),
  ].join("\n");
  for (const password of Object.values(passwords))
    expect(seen).not.toContain(password);
});

/** Every input of a share: a change, and what the registry then says. */
const changes: Record<string, [Values, RegExp]> = {
  name: [{ name: "papers" }, /^\[papers\]$/m],
  path: [
    { path: "/tank/media", dataset: "tank/media" },
    /^\tpath = \/tank\/media$/m,
  ],
  dataset: [
    { dataset: "tank/media", path: "/tank/media" },
    /--quiet \/tank\/media$/m,
  ],
  clients: [{ clients: ["10.0.30.7"] }, /^\thosts allow = 10.0.30.7$/m],
  readers: [{ readers: [] }, /^\tvalid users = office$/m],
  writers: [
    { writers: ["office", "scanner"], readers: undefined },
    /^\twrite list = office scanner$/m,
  ],
  guests: [{ guests: "ro", readers: undefined }, /^\tguest ok = yes$/m],
  comment: [
    { comment: "Papers; 50 = half" },
    /^\tcomment = Papers; 50 = half$/m,
  ],
  mountpoint: [
    { mountpoint: "/tank/docs", path: "/tank/docs/a" },
    /^\tpath = \/tank\/docs\/a$/m,
  ],
  directory: [
    { directory: { owner: "root", group: "users", mode: "2770" } },
    /^\tforce group = users$/m,
  ],
};

test.each(Object.keys(changes))(
  "a change of %s of a share is seen, made and then quiet",
  async (key) => {
    const [change, expected] = changes[key] ?? [{}, /^$/];
    await host.run("zfs mount tank/docs");
    host.world.put("/tank/docs/a/x", "");
    const { id, props } = await create();
    expect(await host.registry()).not.toMatch(expected);
    const news = smbInputs({ shares: [docs(change)] });
    expect((await host.provider.diff(id, props, news)).changes).toBe(true);
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(await host.registry()).toMatch(expected);
    expect((await host.registry()).match(/^\[/gm)).toHaveLength(1);
    expect((await host.look(id, outs, news)).changes).toBe(false);
    // Who was connected by the old rules is not any more.
    expect(host.sentAway()).toEqual(["docs"]);
    await host.provider.update(id, outs, smbInputs());
    expect(await host.registry()).not.toMatch(expected);
  },
);

const inputChanges: Record<string, [Values, string[]]> = {
  owner: [{ owner: "site/SmbShares/other" }, []],
  host: [{ host: "left" }, ["host"]],
  name: [{ name: "other" }, []],
  interfaces: [{ interfaces: ["10.0.20.10", "10.0.10.10"] }, []],
  accounts: [
    {
      accounts: ["office", "scanner", "guestbook"],
      passwords: { ...passwords, guestbook: "a-third-password" },
    },
    [],
  ],
  passwords: [{ passwords: { ...passwords, office: "another-password" } }, []],
  shares: [
    {
      shares: [
        docs(),
        docs({ name: "media", path: "/tank/media", dataset: "tank/media" }),
      ],
    },
    [],
  ],
  adopt: [{ adopt: true }, []],
  timeouts: [{ timeouts: { update: 30 } }, []],
};

test.each(Object.keys(inputChanges))(
  "a change of input %s is made and then quiet",
  async (key) => {
    const [change, replaces] = inputChanges[key] ?? [{}, []];
    const { id, props } = await create();
    const news = smbInputs(change);
    expect(await host.provider.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
    });
    if (replaces.length > 0) return;
    const { outs = {} } = await host.provider.update(id, props, news);
    expect((await host.look(id, outs, news)).changes).toBe(false);
    expect(await host.listening()).toEqual([
      "127.0.0.1",
      ...(news.interfaces as string[]),
    ]);
    for (const user of news.accounts as string[]) {
      const password = (news.passwords as Record<string, string>)[user];
      const { stdout = "" } = {
        stdout: await host.run(`pdbedit --list --verbose --user=${user}`),
      };
      expect(stdout).toContain(`hybrid-site owner=${news.owner}`);
      if (user !== "guestbook")
        expect(host.gets("docs", { user, password })).toBeDefined();
    }
  },
);

test("the tables above have a row for each input", async () => {
  const { schema } = await import("../../providers/storage/smb-shares/model");
  const { shape } = schema;
  expect(Object.keys(inputChanges).sort()).toEqual(Object.keys(shape).sort());
  expect(Object.keys(changes).sort()).toEqual(
    Object.keys(shape.shares.element.shape).sort(),
  );
});

test("a directory gets its rights, keeps what is in it, and drift of them is mended", async () => {
  const directory = { owner: "root", group: "users", mode: "2770" };
  const inputs = smbInputs({ shares: [docs({ directory })] });
  const { id, props } = await create(inputs);
  const stat = async () =>
    (await host.machine.stat(["/tank/docs"], AbortSignal.timeout(5_000))).get(
      "/tank/docs",
    );
  expect(await stat()).toMatchObject(directory);
  expect(await host.registry()).toMatch(/directory mask = 2770/);
  host.world.save("rights", {});
  const { found, changes } = await host.look(id, props, inputs);
  expect(changes).toBe(true);
  await host.provider.update(id, found, inputs);
  expect(await stat()).toMatchObject(directory);
});

test("a password is rotated by an update, others stay, and one that is removed lets nobody in", async () => {
  const { id, props } = await create();
  const news = smbInputs({
    passwords: { ...passwords, office: "another-password" },
  });
  const { outs = {} } = await host.provider.update(id, props, news);
  expect(host.gets("docs", as("office"))).toBeUndefined();
  expect(host.gets("docs", as("office", "another-password"))).toBe("rw");
  expect(host.gets("docs", as("scanner"))).toBe("ro");
  const fewer = smbInputs({
    accounts: ["office"],
    passwords: { office: "another-password" },
    shares: [docs({ readers: undefined })],
  });
  const { outs: left = {} } = await host.provider.update(id, outs, fewer);
  expect(await host.run("pdbedit --list")).not.toContain("scanner");
  // Files in the datasets are its by number: no other may get that.
  expect(await host.run("getent passwd scanner")).toMatch(/^scanner:x:/);
  expect((await host.look(id, left, fewer)).changes).toBe(false);
  await host.provider.update(id, left, smbInputs());
  expect(host.gets("docs", as("scanner"))).toBe("ro");
});
