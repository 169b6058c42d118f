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

const file = "/etc/samba/smb.conf";
const conf = () => host.conf();
const put = (text: string) => host.world.put(file, text);
const create = (inputs = smbInputs()) => host.create(inputs);
const office = { user: "office", password: passwords.office };

test("shares, accounts and settings of others stay as they are, and outlive us", async () => {
  put(`${conf()}\n[scans]\n\tpath = /srv\n\tnosuch = 1\n`);
  await host.run("net conf addshare theirs /srv");
  await host.run("useradd boss");
  await host.run("smbpasswd -s -a boss", "bosses-own\nbosses-own\n");
  const before = [
    conf(),
    await host.registry(),
    await host.run("pdbedit --list"),
  ];
  const { id, props } = await create();
  expect(host.told()).toMatch(
    /says of smb.conf: Ignoring unknown parameter "nosuch"/,
  );
  expect((await host.look(id, props, smbInputs())).changes).toBe(false);
  await host.provider.delete(id, props);
  expect([
    conf(),
    await host.registry(),
    await host.run("pdbedit --list"),
  ]).toEqual(before);
  expect(host.told()).toMatch(/has other shares and runs on/);
  expect(await host.listening()).toEqual(["127.0.0.1", "10.0.20.10"]);
});

test("a share and an account that are adopted are made as declared, and let go", async () => {
  await host.run("net conf addshare docs /tank/docs");
  await host.run("useradd office");
  await host.run(
    "smbpasswd -s -a office",
    "office-of-before\noffice-of-before\n",
  );
  const inputs = smbInputs({ adopt: true });
  const { id, props } = await create(inputs);
  expect(host.gets("docs", office)).toBe("rw");
  expect((await host.look(id, props, inputs)).changes).toBe(false);
  await host.provider.delete(id, props);
  expect(await host.registry()).toMatch(/^\[docs\]\n(?!.*hybrid-site)/);
  expect(await host.run("pdbedit --list --verbose")).toMatch(
    /office(?![\s\S]*hybrid-site)/,
  );
});

test("another's share and settings are neither read as ours nor taken away", async () => {
  const { id, props } = await create();
  await host.run("net conf setparm docs hybrid-site:owner site/SmbShares/else");
  put(conf().replaceAll("SmbShares/storage", "SmbShares/else"));
  expect(await host.provider.read(id, props)).toEqual({});
  await host.provider.delete(id, props);
  expect(await host.registry()).toMatch(/\[docs\]/);
  expect(conf()).toMatch(/BEGIN hybrid-site/);
});

test("guests read or write where that is said, and nowhere else", async () => {
  const open = docs({ guests: "rw", readers: undefined, writers: undefined });
  const shown = docs({
    name: "media",
    path: "/tank/media",
    dataset: "tank/media",
    guests: "ro",
    readers: undefined,
  });
  const { id, props } = await create(smbInputs({ shares: [open, shown] }));
  expect(conf()).toMatch(/map to guest = Bad User/);
  expect([host.gets("docs", {}), host.gets("media", {})]).toEqual(["rw", "ro"]);
  expect(host.gets("media", office)).toBe("rw");
  expect(host.gets("docs", { address: "10.0.31.1" })).toBeUndefined();
  const { outs = {} } = await host.provider.update(id, props, smbInputs());
  expect(host.gets("docs", {})).toBeUndefined();
  expect((await host.look(id, outs, smbInputs())).changes).toBe(false);
});
