import { rmSync } from "node:fs";
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
const state = () => host.state();
const candidates = () =>
  host.machine.list("/etc/samba", AbortSignal.timeout(5_000));

test.each<[string, () => unknown, RegExp]>([
  [
    "a dataset that is not mounted",
    () => host.run("zfs unmount tank/docs"),
    /share "docs" on host "storage" is of dataset tank\/docs, which has mountpoint \/tank\/docs and is not mounted/,
  ],
  [
    "a path that is not there",
    () => rmSync(host.world.path("/tank/docs"), { recursive: true }),
    /\/tank\/docs of share "docs" on host "storage" does not exist/,
  ],
  [
    "a share of others in the registry",
    () => host.run("net conf addshare Docs /srv"),
    /a share "docs" is there on host "storage" and carries no mark.*adopt: true/,
  ],
  [
    "a share of others in smb.conf",
    () => put(`${conf()}\n[DOCS]\n\tpath = /srv\n`),
    /smb.conf on host "storage" has a share "docs" of its own/,
  ],
  [
    "a share that is another resource's",
    () =>
      host.run("net conf setparm docs hybrid-site:owner site/SmbShares/else"),
    /share "docs" on host "storage" belongs to "site\/SmbShares\/else"/,
  ],
  [
    "settings that are another resource's",
    () =>
      put(
        `${conf()}# BEGIN hybrid-site owner=site/SmbShares/else\n[global]\n# END hybrid-site\n`,
      ),
    /has the settings of "site\/SmbShares\/else"/,
  ],
  [
    "a user of the administrator's",
    () => host.run("useradd office"),
    /a user "office" is there on host "storage"/,
  ],
  [
    "a user that is another resource's",
    () =>
      host.run(
        "useradd --comment 'hybrid-site owner=site/SmbShares/else' office",
      ),
    /account "office" on host "storage" belongs to/,
  ],
  [
    "no Samba",
    () => rmSync(host.world.path(file)),
    /has no \/etc\/samba\/smb.conf. Install Samba/,
  ],
  [
    "an address that the host does not have",
    () => host.world.save("addresses", { addresses: ["203.0.113.7"] }),
    /smbd does not listen on 10.0.20.10. What was there before is there again/,
  ],
])("%s is refused, and nothing has changed", async (_what, bend, reason) => {
  await bend();
  const before = async () => [
    await host.registry(),
    await host.run("pdbedit --list"),
    await host.machine.read(file, AbortSignal.timeout(5_000)),
  ];
  const then = await before();
  await expect(create()).rejects.toThrow(reason);
  expect(await before()).toEqual(then);
});

/** Each step fails; everything before it is taken back. */
test.each<[string, RegExp]>([
  ["testparm", /testparm/],
  ["useradd", /useradd/],
  ["smbpasswd -s", /smbpasswd/],
  ["pdbedit --modify", /pdbedit/],
  ["install --directory", /install/],
  ["net conf import", /net/],
  ["systemctl restart", /systemctl/],
  ["systemctl stop", /systemctl/],
])(
  "a first attempt that fails at %s leaves nothing, and the next one does it all",
  async (match, reason) => {
    const directory = { owner: "root", group: "users", mode: "2770" };
    const inputs = smbInputs({ shares: [docs({ directory })] });
    const before = [conf(), await host.listening()];
    host.fault({
      match,
      kind: "fails",
      code: 9,
      after: match === "useradd" ? 1 : 0,
    });
    const failure = create(inputs);
    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.not.toThrow(/-password-of-/);
    expect([conf(), await host.listening()]).toEqual(before);
    expect(await host.registry()).toBe("");
    expect(await host.run("pdbedit --list")).toBe("");
    const rights = await host.machine.stat(
      ["/tank/docs"],
      AbortSignal.timeout(5_000),
    );
    expect(rights.get("/tank/docs")).toMatchObject({
      group: "root",
      mode: "0755",
    });
    expect(await candidates()).toEqual(["smb.conf"]);
    await create(inputs);
    expect(host.gets("docs", office)).toBe("rw");
  },
);

test("an update that fails gives back each share, and what it had removed", async () => {
  const media = docs({
    name: "media",
    path: "/tank/media",
    dataset: "tank/media",
  });
  const { id, props } = await create(smbInputs({ shares: [docs(), media] }));
  const before = await state();
  const news = smbInputs({
    interfaces: ["10.0.10.10"],
    shares: [docs({ clients: ["10.0.30.7"] })],
  });
  host.fault({ match: "systemctl restart", kind: "fails" });
  await expect(host.provider.update(id, props, news)).rejects.toThrow(
    /What was there before is there again/,
  );
  const now = await state();
  const sorted = (text: unknown) => String(text).split("\n").sort();
  expect(sorted(now[1])).toEqual(sorted(before[1]));
  expect([now[0], ...now.slice(2)]).toEqual([before[0], ...before.slice(2)]);
  await host.provider.update(id, props, news);
  expect(await host.listening()).toEqual(["127.0.0.1", "10.0.10.10"]);
  expect(await host.registry()).not.toMatch(/media/);
});

/** The connection goes at a command, before it runs or after; the provider looks and goes on. */
test.each([
  ["cut-before", "useradd"],
  ["cut-after", "smbpasswd -s"],
  ["cut-before", "pdbedit --modify"],
  ["cut-before", "net conf import"],
  ["cut-after", "net conf import"],
  ["cut-after", "mv"],
  ["cut-before", "systemctl restart"],
  ["cut-after", "systemctl restart"],
  ["cut-after", "flock"],
] as const)("%s %s: create and update end as meant", async (kind, match) => {
  host.fault({ kind, match });
  const { id, props } = await create();
  expect(host.gets("docs", office)).toBe("rw");
  const news = smbInputs({
    interfaces: ["10.0.10.10"],
    passwords: { ...passwords, office: "another-password" },
    shares: [docs({ readers: [], name: "papers" })],
  });
  host.fault({ kind, match });
  const { outs = {} } = await host.provider.update(id, props, news);
  expect(
    host.gets("papers", { user: "office", password: "another-password" }),
  ).toBe("rw");
  expect(await host.registry()).not.toMatch(/docs\]/);
  expect((await host.look(id, outs, news)).changes).toBe(false);
  expect(await candidates()).toEqual(["smb.conf"]);
});

test.each(["useradd", "smbpasswd -s", "net conf import", "systemctl restart"])(
  "a run that ends at %s is finished by the next one, once",
  async (match) => {
    host.fault({ match, kind: "cut-before", count: 100 });
    await expect(create()).rejects.toThrow();
    host.lab.faults.clear();
    const { id, props } = await create();
    expect(host.gets("docs", office)).toBe("rw");
    expect(
      (await host.run("pdbedit --list")).match(/office/g)?.length,
    ).toBeGreaterThan(0);
    expect((await host.registry()).match(/^\[/gm)).toHaveLength(1);
    expect(conf().match(/BEGIN hybrid-site/g)).toHaveLength(1);
    expect((await host.look(id, props, smbInputs())).changes).toBe(false);
  },
);

test.each([
  ["cut-after", "net conf delshare"],
  ["cut-before", "smbpasswd -x"],
  ["cut-after", "systemctl disable"],
  ["cut-before", "systemctl disable"],
] as const)("%s %s: deletion ends as meant", async (kind, match) => {
  const before = conf();
  const { id, props } = await create();
  host.fault({ kind, match });
  await host.provider.delete(id, props);
  expect([conf(), await host.registry()]).toEqual([before, ""]);
  expect(await host.run("pdbedit --list")).toBe("");
});
