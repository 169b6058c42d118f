import { startUbus, type Ubus } from "../support/ubus";

let ubus: Ubus;
let sid: string;
beforeEach(async () => {
  ubus = await startUbus();
  sid = await ubus.login();
});
afterEach(() => ubus.stop());

type Args = Record<string, unknown>;
const uci = (method: string, args: Args = {}) =>
  ubus.call(sid, "uci", method, args);
const network = (method: string, args: Args) =>
  uci(method, { config: "network", ...args });
const staged = async (config = "network") =>
  (await uci("changes", { config }))[1]?.changes;
const loopback = (values: unknown) =>
  network("set", { section: "loopback", values });

test("a whole file has places, a section none, and what is not there no data", async () => {
  const [, data] = await network("get", {});
  expect(data?.values).toMatchObject({
    loopback: { ".index": 0, ".anonymous": false, ".type": "interface" },
  });
  const [, one] = await network("get", { section: "@device[0]" });
  expect(one?.values).toMatchObject({ ".anonymous": true, name: "br-lan" });
  expect(one?.values).not.toHaveProperty([".index"]);
  expect(await network("get", { section: "gone" })).toEqual([0]);
  expect(await uci("get", { config: "gone" })).toEqual([6]);
  const root = await ubus.login("root");
  expect(await ubus.call(root, "uci", "get", { config: "gone" })).toEqual([4]);
});

test.each([
  ["an equal text", { proto: "static" }, []],
  ["another text", { proto: "none" }, [["set", "loopback", "proto", "none"]]],
  ["an empty text", { proto: "" }, [["remove", "loopback", "proto"]]],
  ["an empty text of what is not there", { mtu: "" }, []],
  ["true", { auto: true }, [["set", "loopback", "auto", "1"]]],
  ["-1", { mtu: -1 }, [["set", "loopback", "mtu", "4294967295"]]],
  [
    "an equal list",
    { ipaddr: ["127.0.0.1/8"] },
    [
      ["remove", "loopback", "ipaddr"],
      ["list-add", "loopback", "ipaddr", "127.0.0.1/8"],
    ],
  ],
])("set to %s stages what is needed", async (_what, values, expected) => {
  expect(await loopback(values)).toEqual([0]);
  expect(await staged()).toEqual(expected);
});

test.each([
  ["an empty list", { ipaddr: [] }, 2],
  ["null", { mtu: null }, 2],
  ["a fraction", { mtu: 1.5 }, 2],
  ["a table", { mtu: {} }, 2],
  ["a name with a hyphen", { "mtu-x": "1" }, 2],
  ["nothing", {}, 4],
])("%s voids the call with all that is beside it", async (_what, bad, code) => {
  const beside = code === 2 ? { proto: "none" } : {};
  expect(await loopback({ ...beside, ...bad })).toEqual([code]);
  expect(await staged()).toEqual([]);
});

test("what is not there cannot be set, deleted, renamed or put in order", async () => {
  const section = "gone";
  expect(await network("set", { section, values: { a: "1" } })).toEqual([4]);
  expect(await network("delete", { section })).toEqual([4]);
  expect(
    await network("delete", { section: "loopback", option: "mtu" }),
  ).toEqual([4]);
  expect(await network("rename", { section, name: "new" })).toEqual([4]);
  expect(await network("order", { sections: ["loopback", section] })).toEqual([
    4,
  ]);
  expect(await staged()).toEqual([]);
});

test("a name that libuci does not take is refused, and no argument is left out", async () => {
  expect(await network("add", { type: "rule", name: "a-b" })).toEqual([2]);
  expect(await network("rename", { section: "loopback", name: "a-b" })).toEqual(
    [2],
  );
  expect(await network("set", { values: { a: "1" } })).toEqual([2]);
  expect(await network("delete", {})).toEqual([2]);
  expect(await network("order", { sections: "loopback" })).toEqual([2]);
  expect(await uci("add", { type: "rule" })).toEqual([2]);
});

test("a section that is added again has its lists grown", async () => {
  const args = {
    type: "interface",
    name: "new",
    values: { proto: "static", ipaddr: ["10.0.0.1/24"] },
  };
  await network("add", args);
  expect(await network("add", args)).toEqual([0, { section: "new" }]);
  const [, data] = await network("get", { section: "new" });
  expect(data?.values).toMatchObject({
    proto: "static",
    ipaddr: ["10.0.0.1/24", "10.0.0.1/24"],
  });
  expect((await staged()) as unknown[]).toContainEqual([
    "set",
    "new",
    "interface",
  ]);
});

test("sections without a name are called by their place, and keep none when written", async () => {
  const firewall = (method: string, args: Args) =>
    uci(method, { config: "firewall", ...args });
  const [, all] = await firewall("get", {});
  expect(Object.keys(all?.values as object)).toEqual([
    "cfg01e63d",
    "cfg02dc81",
    "cfg0392bd",
  ]);
  const [, made] = await firewall("add", {
    type: "rule",
    values: { name: "a" },
  });
  expect(made).toEqual({ section: "cfg0492bd" });
  await firewall("rename", { section: "cfg02dc81", name: "zone_management" });
  await firewall("order", { sections: ["cfg0492bd", "zone_management"] });
  expect((await staged("firewall")) as unknown[]).toEqual([
    ["add", "cfg0492bd", "rule"],
    ["set", "cfg0492bd", "name", "a"],
    ["rename", "cfg02dc81", "zone_management"],
    ["order", "cfg0492bd", 0],
    ["order", "zone_management", 1],
  ]);
  await uci("apply");
  const [, after] = await firewall("get", {});
  expect(Object.keys(after?.values as object)).toEqual([
    "cfg0192bd",
    "zone_management",
    "cfg03e63d",
    "cfg0492bd",
  ]);
});

test("what nobody touched comes out as it was, and comments do not", async () => {
  const before = ubus.file("network");
  await network("add", { type: "interface", name: "new" });
  await uci("apply");
  expect(ubus.file("network")).toBe(`${before}\nconfig interface 'new'\n\n`);
});

test("values over lines and with quotes survive", async () => {
  await loopback({ note: "it's\nfine #1" });
  await uci("apply");
  await network("set", { section: "loopback", values: { proto: "none" } });
  await uci("apply");
  const [, data] = await network("get", {
    section: "loopback",
    option: "note",
  });
  expect(data).toEqual({ value: "it's\nfine #1" });
});

test("sections are found by type and by what they hold", async () => {
  const match = { ports: "eth0" };
  const [, data] = await network("get", { type: "device", match });
  expect(Object.keys(data?.values as object)).toHaveLength(1);
  await network("set", {
    type: "interface",
    match: { proto: "static" },
    values: { mtu: 1400 },
  });
  expect(await staged()).toHaveLength(2);
});

test("what one session stages another does not see", async () => {
  await loopback({ proto: "none" });
  const root = await ubus.login("root");
  const [, data] = await ubus.call(root, "uci", "changes");
  expect(data?.changes).toEqual({});
  expect(await network("revert", {})).toEqual([0]);
  expect(await staged()).toEqual([]);
});

test("an argument that is not known, or of another type, is none", async () => {
  await loopback({ proto: "none" });
  expect(await uci("apply", { rollback: 1, force: true })).toEqual([0]);
  expect(await uci("confirm")).toEqual([5]);
});
