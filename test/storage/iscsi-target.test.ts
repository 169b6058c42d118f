import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { discovered, logIn, logOut } from "../../lab/host/lio";
import {
  iqn,
  one,
  passwords,
  saved,
  sortedTree,
  type TargetHost,
  targetHost,
  targetInputs,
  two,
} from "../support/iscsi";

jest.setTimeout(120_000);

let host: TargetHost;
beforeAll(async () => {
  host = await targetHost();
});
beforeEach(() => host.clean());
afterAll(() => host.stop());

type Values = Record<string, unknown>;
const create = (inputs = targetInputs()) => host.create(inputs);
const login = (initiator: string, username: string, password = "") =>
  logIn(host.world, {
    target: iqn,
    initiator,
    portal: "10.0.20.10",
    from: "10.0.20.12",
    username,
    password,
  });
const loginOne = () => login(one, "one", passwords[0]);
/** Without what is random in it. */
const settled = (value: unknown) =>
  JSON.stringify(value, (key, item) => (key === "alias" ? "" : item));

test("volumes are served to each initiator, at the declared address only, and then it is quiet", async () => {
  const { id, props } = await create();
  expect(id).toBe(iqn);
  const { targets, storage_objects: objects } = await host.live();
  expect(objects.map(({ name, dev }) => [name, dev])).toEqual([
    ["tank-a", "/dev/zvol/tank/a"],
    ["tank-b", "/dev/zvol/tank/b"],
  ]);
  expect(targets).toHaveLength(1);
  expect(targets[0]).toMatchObject({
    wwn: iqn,
    tpgs: [
      {
        enable: true,
        attributes: { authentication: 1, generate_node_acls: 0 },
        parameters: { TargetAlias: "site/IscsiTarget/disks" },
        portals: [{ ip_address: "10.0.20.10", port: 3260 }],
        luns: [
          { index: 0, storage_object: "/backstores/block/tank-a" },
          { index: 1, storage_object: "/backstores/block/tank-b" },
        ],
        node_acls: [
          {
            node_wwn: one,
            mapped_luns: [
              { index: 0, tpg_lun: 0, write_protect: false },
              { index: 1, tpg_lun: 1, write_protect: false },
            ],
          },
          {
            node_wwn: two,
            mapped_luns: [{ index: 1, tpg_lun: 1, write_protect: true }],
          },
        ],
      },
    ],
  });
  expect(settled(host.saved())).toBe(settled(await host.live()));
  expect(discovered(host.world, "203.0.113.7")).toEqual([]);
  expect(loginOne()).toEqual([0, 1]);
  expect(login(two, "two", passwords[2])).toEqual([1]);
  expect(login(two, "two", passwords[0])).toBe("authorization failure");
  expect((await host.look(id, props, targetInputs())).changes).toBe(false);
  host.commands();
  await host.provider.update(id, props, targetInputs());
  expect(host.commands().join("\n")).not.toMatch(/targetcli|dd of/);
});

test("no secret is in an argument, a log, a file of others or an error, and none is left in memory's files", async () => {
  const { id, props } = await create();
  await host.look(id, props, targetInputs());
  host.fault({ match: "dd of=", kind: "fails", text: `dd: ${passwords[0]}x` });
  const credentials = {
    ...(targetInputs().credentials as Values),
    [two]: { username: "two", password: "canary-that-is-new" },
  };
  const error = await host.provider
    .update(id, props, targetInputs({ credentials }))
    .catch((failure: Error) => failure.message);
  const seen = [
    ...host.commands(),
    host.text("/root/.targetcli/log.txt"),
    String(error),
    host.told(),
  ].join("\n");
  expect(seen).toMatch(/targetcli/);
  expect(String(error)).toMatch(/ended with 1/);
  for (const secret of [...passwords, "canary-that-is-new"])
    expect(seen).not.toContain(secret);
  expect(readdirSync(host.world.path("/run"))).toEqual(["lock"]);
  const holders = filesWith(host.world.root, passwords[0] ?? "")
    .map((path) => path.slice(host.world.root.length))
    .filter((path) => !path.startsWith("/sys/kernel/config/"));
  expect(holders).toEqual([saved]);
  expect(statSync(host.world.path(saved)).mode & 0o077).toBe(0);
});

/** Each input: what it becomes, and what shows it afterwards. */
const changes: Record<string, [unknown, () => unknown, unknown]> = {
  portals: [
    [{ address: "10.0.20.11", port: 3261 }, { address: "fd00:20::10" }],
    async () =>
      (await host.live()).targets[0]?.tpgs[0]?.portals.map(
        ({ ip_address: address, port }) => `${address} ${port}`,
      ),
    ["10.0.20.11 3261", "[fd00:20::10] 3260"],
  ],
  luns: [
    [
      { lun: 1, volume: "tank/b" },
      {
        lun: 5,
        volume: "tank/c",
        serial: "0c0c0c0c-1111-2222-3333-444444444444",
      },
    ],
    async () => [
      (await host.live()).storage_objects.map(({ name }) => name),
      (await host.live()).storage_objects[1]?.wwn,
      loginOne(),
    ],
    [["tank-b", "tank-c"], "0c0c0c0c-1111-2222-3333-444444444444", [1, 5]],
  ],
  initiators: [
    [{ iqn: one, luns: [0], access: "ro" }, { iqn: two }],
    async () => [loginOne(), login(two, "two", passwords[2])],
    [[0], [0, 1]],
  ],
  credentials: [
    {
      [one]: { username: "one", password: passwords[0] },
      [two]: { username: "zwei", password: "another-password" },
    },
    async () => [
      login(two, "zwei", "another-password"),
      settled(await host.live()).includes(passwords[1] ?? ""),
    ],
    [[1], false],
  ],
  owner: [
    "site/IscsiTarget/other",
    async () => (await host.live()).targets[0]?.tpgs[0]?.parameters.TargetAlias,
    "site/IscsiTarget/other",
  ],
  name: ["others", loginOne, [0, 1]],
  dropSessions: [true, loginOne, [0, 1]],
  adopt: [true, loginOne, [0, 1]],
  timeouts: [{ update: 90 }, loginOne, [0, 1]],
};
/** What is refused at preview, with the reason. */
const refused: Record<string, [unknown, RegExp]> = {
  host: ["left", /initiators would lose their disks/],
  iqn: ["iqn.2026-01.net.example:other", /initiators would lose their disks/],
};

test.each(Object.keys(changes))(
  "a change of %s is seen, made, saved and then quiet",
  async (key) => {
    const [value, shows, expected] = changes[key] ?? [];
    const { id, props } = await create();
    const news = targetInputs({ [key]: value });
    expect(await host.provider.check(props, news)).toMatchObject({
      failures: [],
    });
    expect((await host.provider.diff(id, props, news)).changes).toBe(true);
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(await shows?.()).toEqual(expected);
    logOut(host.world, iqn, one);
    logOut(host.world, iqn, two);
    expect(settled(host.saved())).toBe(settled(await host.live()));
    expect((await host.look(id, outs, news)).changes).toBe(false);
    const back = targetInputs();
    const again = await host.provider.update(id, outs, back);
    expect((await host.look(id, again.outs ?? {}, back)).changes).toBe(false);
  },
);

test.each(Object.keys(refused))("a change of %s is refused", async (key) => {
  const [value, reason] = refused[key] ?? [];
  const { failures = [] } = await host.provider.check(
    targetInputs(),
    targetInputs({ [key]: value }),
  );
  expect(failures.map((failure) => failure.reason).join()).toMatch(
    reason ?? /-/,
  );
});

test("the tables above have a row for each input", async () => {
  const { schema } = await import("../../providers/storage/iscsi-target/model");
  expect([...Object.keys(changes), ...Object.keys(refused)].sort()).toEqual(
    Object.keys(schema.shape).sort(),
  );
});

test("a target that is gone is made again, with the serials that it had", async () => {
  const { id, props } = await create();
  const before = sortedTree(await host.live());
  await host.run("targetctl clear");
  expect(await host.provider.read(id, props)).toEqual({});
  await create();
  expect(sortedTree(await host.live())).toBe(before);
});

test("after a start without its volumes the target is whole again", async () => {
  const { id, props } = await create();
  host.lab.reboot();
  expect(loginOne()).toEqual([]);
  logOut(host.world, iqn, one);
  const { found, changes } = await host.look(id, props, targetInputs());
  expect(changes).toBe(true);
  await host.provider.update(id, found, targetInputs());
  expect(loginOne()).toEqual([0, 1]);
});

test("deletion takes target and backstores away, and leaves the volumes", async () => {
  const { id, props } = await create();
  await host.provider.delete(id, props);
  expect(await host.live()).toMatchObject({ storage_objects: [], targets: [] });
  expect(host.saved()).toMatchObject({ storage_objects: [], targets: [] });
  expect(await host.run("zfs list -H -o name -t volume")).toBe(
    "tank/a\ntank/b\ntank/c",
  );
  await host.provider.delete(id, props);
});

function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesWith(path, text);
    return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });
}
