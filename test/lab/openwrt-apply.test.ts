import { existsSync } from "node:fs";
import { join } from "node:path";
import { startUbus, type Ubus } from "../support/ubus";

let ubus: Ubus;
let sid: string;
let before: string;
beforeEach(async () => {
  ubus = await startUbus();
  sid = await ubus.login();
  before = ubus.file("system");
});
afterEach(() => ubus.stop());

type Args = Record<string, unknown>;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const uci = async (method: string, args: Args = {}, session = sid) =>
  ubus.call(session, "uci", method, args);
const stage = (session = sid) =>
  uci("add", { config: "system", type: "timeserver", name: "mine" }, session);
const apply = (timeout = 30) => uci("apply", { rollback: true, timeout });
const staged = async () =>
  (await uci("changes", { config: "system" }))[1]?.changes;
const snapshots = () =>
  existsSync(join(ubus.directory, "flash/var/run/rpcd/snapshot-files/system"));

test("nothing staged, nothing applied; nothing pending, nothing confirmed", async () => {
  expect(await apply()).toEqual([5]);
  expect(await uci("confirm")).toEqual([5]);
  expect(await uci("rollback")).toEqual([5]);
});

test("a confirmed change stays, and its snapshot goes", async () => {
  await stage();
  expect(await apply(1)).toEqual([0]);
  expect(snapshots()).toBe(true);
  expect(await uci("confirm")).toEqual([0]);
  expect(snapshots()).toBe(false);
  await wait(1_200);
  expect(ubus.file("system")).toContain("'mine'");
});

test.each([
  ["the timer", async () => wait(1_200)],
  ["a rollback", () => uci("rollback")],
])("%s puts the file back, and stages the change again", async (_what, end) => {
  await stage();
  await apply(1);
  expect(await staged()).toEqual([]);
  await end();
  expect(ubus.file("system")).toBe(before);
  expect(await staged()).toEqual([["set", "mine", "timeserver"]]);
  expect(await uci("confirm")).toEqual([5]);
});

test("while one waits nobody applies, reverts or confirms beside it", async () => {
  await stage();
  await apply();
  const root = await ubus.login("root");
  await stage(root);
  const other = (method: string, args?: Args) => uci(method, args, root);
  expect(await other("apply", { rollback: true })).toEqual([6]);
  expect(await other("revert", { config: "system" })).toEqual([6]);
  expect(await other("commit", { config: "system" })).toEqual([6]);
  expect(await other("confirm")).toEqual([6]);
  expect(await other("rollback")).toEqual([6]);
  expect(await uci("confirm")).toEqual([0]);
});

test("an apply without rollback beside it does nothing but take its way back", async () => {
  await stage();
  await apply(1);
  const root = await ubus.login("root");
  await uci("add", { config: "system", type: "led", name: "theirs" }, root);
  expect(await uci("apply", { rollback: false }, root)).toEqual([0]);
  expect(snapshots()).toBe(false);
  expect(ubus.file("system")).not.toContain("theirs");
  expect(await uci("revert", { config: "system" })).toEqual([6]);
  await wait(1_200);
  expect(ubus.file("system")).toContain("'mine'");
  expect(await staged()).toEqual([]);
  expect(await uci("confirm")).toEqual([5]);
});

test("a login while one's own waits comes back into the same session", async () => {
  await stage();
  await apply();
  expect(await ubus.login()).toBe(sid);
  expect(await ubus.login("root")).not.toBe(sid);
  await uci("confirm");
  expect(await ubus.login()).not.toBe(sid);
});

test("a session that ends before the window cannot confirm any more", async () => {
  sid = await ubus.login("hybrid-site", 1);
  await stage();
  await apply(2);
  await wait(1_300);
  const next = await ubus.login();
  expect(next).not.toBe(sid);
  expect(await uci("confirm", {}, next)).toEqual([6]);
  await wait(1_000);
  expect(ubus.file("system")).toBe(before);
});

test("a restart of rpcd loses the timer and the session, and keeps the snapshot", async () => {
  await stage();
  await apply(1);
  ubus.control({
    do: "fault",
    fault: { kind: "rpcd-restart", match: "uci confirm", count: 1 },
  });
  expect((await ubus.ask(sid, "uci", "confirm")).error?.code).toBe(-32_002);
  await wait(1_200);
  expect(ubus.file("system")).toContain("'mine'");
  expect(snapshots()).toBe(true);
});

test("a reboot in the window keeps the file and loses all that was in memory", async () => {
  await stage();
  await apply(1);
  ubus.control({ do: "reboot" });
  await wait(1_500);
  expect(ubus.file("system")).toContain("'mine'");
  expect(snapshots()).toBe(false);
  expect((await ubus.ask(sid, "uci", "confirm")).error?.code).toBe(-32_002);
});

test("a lost reply is of a call that was made", async () => {
  await stage();
  ubus.control({
    do: "fault",
    fault: { kind: "reply-lost", match: "uci apply", count: 1 },
  });
  await expect(apply()).rejects.toThrow();
  expect(ubus.file("system")).toContain("'mine'");
  expect(await uci("confirm")).toEqual([0]);
});

test("a cut of the management path ends with the rollback", async () => {
  await uci("delete", { config: "network", section: "vlan10" });
  await uci("add", {
    config: "network",
    type: "bridge-vlan",
    name: "other",
    values: { device: "br-lan", vlan: 99, ports: ["eth0:t"] },
  });
  expect(await apply(2)).toEqual([0]);
  await wait(700);
  await expect(uci("confirm")).rejects.toThrow();
  await wait(2_200);
  expect(await uci("confirm")).toEqual([5]);
});
