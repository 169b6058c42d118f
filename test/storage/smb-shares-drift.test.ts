import { rmSync } from "node:fs";
import { passwords, type SmbHost, smbHost, smbInputs } from "../support/smb";

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
const state = () => host.state();

const drifts: [string, () => unknown][] = [
  [
    "who may connect",
    () => host.run("net conf setparm docs 'valid users' everybody"),
  ],
  ["the addresses", () => host.run("net conf delparm docs 'hosts allow'")],
  ["guests let in", () => host.run("net conf setparm docs 'guest ok' yes")],
  [
    "the check of the mount",
    () => host.run("net conf delparm docs 'root preexec'"),
  ],
  [
    "a parameter more",
    () => host.run("net conf setparm docs 'vfs objects' recycle"),
  ],
  ["the mark", () => host.run("net conf delparm docs hybrid-site:owner")],
  [
    "a share more with our mark",
    () =>
      host.run(
        "net conf setparm more hybrid-site:owner site/SmbShares/storage",
      ),
  ],
  ["a share that is gone", () => host.run("net conf delshare docs")],
  ["all of the registry", () => host.run("net conf drop")],
  ["an account that is gone", () => host.run("smbpasswd -x office")],
  ["an account that is disabled", () => host.run("smbpasswd -d office")],
  [
    "an account's mark",
    () => host.run("pdbedit --modify --user=office --account-desc="),
  ],
  [
    "the settings",
    () =>
      put(
        conf().replace(
          "bind interfaces only = yes",
          "bind interfaces only = no",
        ),
      ),
  ],
  [
    "settings behind ours",
    () => put(`${conf()}[global]\n\tinterfaces = 203.0.113.7\n`),
  ],
  ["settings that are gone", () => put(conf().replace(/# BEGIN[\s\S]*/, ""))],
  [
    "smbd that listens everywhere",
    async () => {
      const text = conf();
      put("[global]\n");
      await host.run("systemctl restart smbd");
      put(text);
    },
  ],
  [
    "nmbd that was started by hand",
    async () => {
      const text = conf();
      put("[global]\n");
      await host.run("systemctl start nmbd");
      put(text);
    },
  ],
  ["smbd that is stopped", () => host.run("systemctl stop smbd")],
];

test.each(drifts)(
  "drift of %s is read, and mended by the next update",
  async (_what, bend) => {
    const { id, props } = await create();
    const before = await state();
    await bend();
    const { found, changes } = await host.look(id, props, smbInputs());
    expect(changes).toBe(true);
    const { outs = {} } = await host.provider.update(id, found, smbInputs());
    expect((await host.registry()).split("\n").sort()).toEqual(
      String(before[1]).split("\n").sort(),
    );
    expect(conf()).toMatch(/disable netbios = yes\n# END hybrid-site\n$/);
    expect((await state()).slice(2)).toEqual(before.slice(2));
    expect(host.gets("docs", office)).toBe("rw");
    expect((await host.look(id, outs, smbInputs())).changes).toBe(false);
  },
);

test.each(drifts)(
  "drift of %s keeps nothing of ours there that is refreshed and then destroyed",
  async (_what, bend) => {
    const { id, props } = await create();
    await bend();
    const { found: once } = await host.look(id, props, smbInputs());
    // One that looks again knows it still.
    const { found } = await host.look(id, once, smbInputs());
    await host.provider.delete(id, found);
    expect(await host.registry()).not.toMatch(/docs|more|hybrid-site/);
    expect(conf()).not.toMatch(/hybrid-site/);
    expect(await host.run("pdbedit --list")).toBe("");
    expect(await host.listening()).toEqual([]);
  },
);

test("a share without our mark that leads elsewhere stays, and that is told", async () => {
  const { id, props } = await create();
  await host.run("net conf delshare docs");
  await host.run("net conf addshare docs /srv");
  await host.provider.delete(id, props);
  expect(await host.registry()).toMatch(/\[docs\]\n\tpath = \/srv/);
  expect(host.told()).toMatch(/"docs".*leads to \/srv: it stays/);
});

test("with Samba purged the shares are gone, and destroying them is done", async () => {
  const { id, props } = await create();
  for (const path of [file, "/usr/bin/net"]) rmSync(host.world.path(path));
  expect(await host.provider.read(id, props)).toEqual({});
  await host.provider.delete(id, props);
});

test("with smb.conf gone only the registry is still taken back", async () => {
  const { id, props } = await create();
  rmSync(host.world.path(file));
  const { found, changes } = await host.look(id, props, smbInputs());
  expect(changes).toBe(true);
  await host.provider.delete(id, found);
  expect([await host.registry(), await host.run("pdbedit --list")]).toEqual([
    "",
    "",
  ]);
});
