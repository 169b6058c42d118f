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

const create = (inputs = smbInputs()) => host.create(inputs);
const office = { user: "office", password: passwords.office };

test("a password that others set is seen by its time only, told, and set again", async () => {
  const { id, props } = await create();
  const { accounts } = host.world.load<{
    accounts: { name: string; setAt: number }[];
  }>("passdb", { accounts: [] });
  await host.run("smbpasswd -s office", "somebody-elses\nsomebody-elses\n");
  const later = host.world.load<
    typeof accounts & { accounts: typeof accounts }
  >("passdb", { accounts: [] } as never);
  for (const account of later.accounts)
    if (account.name === "office") account.setAt += 60;
  host.world.save("passdb", later);
  const { found, changes } = await host.look(id, props, smbInputs());
  expect(changes).toBe(true);
  expect(found.passwords).toEqual({ office: "", scanner: passwords.scanner });
  expect(host.told()).toMatch(
    /the password of account "office" was set by others since/,
  );
  const { outs = {} } = await host.provider.update(id, found, smbInputs());
  expect(host.gets("docs", office)).toBe("rw");
  expect((await host.look(id, outs, smbInputs())).changes).toBe(false);
});

test("an update whose passwords fail says how far it came, drops nobody before, and the next one does the rest", async () => {
  const third = { ...passwords, guestbook: "a-third-password" };
  const before = smbInputs({
    accounts: ["office", "scanner", "guestbook"],
    passwords: third,
  });
  const { id, props } = await create(before);
  const news = smbInputs({
    accounts: ["office", "guestbook"],
    passwords: { office: "new-office-password", guestbook: "new-guestbook" },
    shares: [docs({ readers: ["guestbook"] })],
  });
  host.fault({ match: "smbpasswd -s", kind: "fails", after: 1 });
  const failure = await host.provider
    .update(id, props, news)
    .catch((error: unknown) => error);
  const { message, properties: left } = failure as Error & {
    properties: Record<string, unknown>;
  };
  expect(message).toMatch(
    /Shares and settings are as declared; of the accounts that were there "office" has its new password. The next "pulumi up" does the rest/,
  );
  expect(message).not.toMatch(/there before|new-office-password/);
  expect(await host.run("pdbedit --list")).toContain("scanner");
  expect(
    host.gets("docs", { user: "office", password: "new-office-password" }),
  ).toBe("rw");
  await host.provider.update(id, left, news);
  const guestbook = { user: "guestbook", password: "new-guestbook" };
  expect(host.gets("docs", guestbook)).toBe("ro");
  expect(await host.run("pdbedit --list")).not.toContain("scanner");
});

test("a password that was to be set is set after an update that failed before it", async () => {
  const { id, props } = await create();
  const news = smbInputs({
    passwords: { ...passwords, office: "another-password" },
    shares: [docs({ readers: [] })],
  });
  host.fault({ match: "net conf import", kind: "fails" });
  const failure = await host.provider
    .update(id, props, news)
    .catch((error: unknown) => error);
  const { properties: left } = failure as {
    properties: Record<string, unknown>;
  };
  expect(host.gets("docs", office)).toBe("rw");
  await host.provider.update(id, left, news);
  const now = { user: "office", password: "another-password" };
  expect(host.gets("docs", now)).toBe("rw");
});

test("an account that is disabled is left so by an update that fails", async () => {
  const { id, props } = await create();
  await host.run("smbpasswd -d scanner");
  const news = smbInputs({ interfaces: ["10.0.10.10"], owner: "site/x/y" });
  host.fault({ match: "systemctl restart", kind: "fails" });
  await expect(host.provider.update(id, props, news)).rejects.toThrow(
    /What was there before is there again/,
  );
  expect(await host.run("pdbedit --list --verbose")).toMatch(/\[DU/);
  expect(await host.run("pdbedit --list --verbose")).not.toMatch(/site\/x/);
});

test("who is connected notices nothing of a new owner", async () => {
  const { id, props } = await create();
  host.sentAway();
  const news = smbInputs({ owner: "site/SmbShares/other" });
  await host.provider.update(id, props, news);
  expect(await host.registry()).toMatch(/SmbShares\/other/);
  expect(host.sentAway()).toEqual([]);
});
