import { startUbus, type Ubus } from "../support/ubus";

const wan = (number: number, more = "") => `
config interface 'wan${number}'
	option device 'eth${number}'
	option proto 'dhcp'
	option metric '${number}0'
${more}`;
const health = (name: string, more = "") => `
config interface '${name}'
	option enabled '1'
	list track_ip '1.1.1.1'
	list track_ip '8.8.8.8'
	option timeout '1'
	option interval '1'
	option down '2'
	option up '1'
${more}`;
const mwan3 = `
${health("wan1")}
${health("wan2", "	option reliability '3'\n")}
${health("wan3", "	option reliability '2'\n")}
config member 'm1'
	option interface 'wan1'
	option weight '3'

config member 'm3'
	option interface 'wan3'

config policy 'balanced'
	list use_member 'm1'
	list use_member 'm3'

config policy 'a_policy_too_long'
	list use_member 'm1'
`;

interface Line {
  status: string;
  turn: number;
  score: number;
  tracking: string;
  track_ip: { ip: string; status: string }[];
}

let ubus: Ubus;
let sid: string;
beforeEach(async () => {
  const { image } = await import("../support/openwrt");
  ubus = await startUbus({
    "etc/config/network": `${image["etc/config/network"]}${wan(1)}${wan(2)}${wan(3)}`,
    "etc/config/mwan3": mwan3,
  });
  sid = await ubus.login();
});
afterEach(() => ubus.stop());

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const status = async (args: Record<string, unknown> = {}) => {
  const [, data] = await ubus.call(sid, "mwan3", "status", args);
  return data as {
    interfaces: Record<string, Line>;
    policies: { ipv4: Record<string, object[]> };
  };
};
const line = async (name: string) =>
  (await status({ section: "interfaces" })).interfaces[name];
const until = async (holds: () => Promise<boolean>) => {
  const end = Date.now() + 12_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("it does not come to hold");
    await wait(50);
  }
};

test("a line that is up is asked until enough have answered", async () => {
  await until(async () => ((await line("wan1"))?.turn ?? 0) > 0);
  expect(await line("wan1")).toMatchObject({
    status: "online",
    score: 3,
    tracking: "active",
    track_ip: [
      { ip: "1.1.1.1", status: "up" },
      { ip: "8.8.8.8", status: "skipped" },
    ],
  });
});

test("more answers asked for than there are targets: never online", async () => {
  await until(async () => (await line("wan2"))?.status === "offline");
  // wan3 reaches one of its two.
  await until(async () => (await line("wan3"))?.status === "offline");
  expect((await status()).policies.ipv4).toEqual({
    balanced: [{ interface: "wan1", percent: 100 }],
  });
});

test("a dead line goes offline within the bound, and comes back", async () => {
  await until(async () => ((await line("wan1"))?.turn ?? 0) > 0);
  ubus.control({ do: "wan", line: "isp1", state: "dead" });
  await until(async () => (await line("wan1"))?.status === "disconnecting");
  await until(async () => (await line("wan1"))?.status === "offline");
  ubus.control({ do: "wan", line: "isp1", state: "up" });
  await until(async () => (await line("wan1"))?.status === "online");
}, 40_000);

test("a cut line is not probed", async () => {
  ubus.control({ do: "wan", line: "isp1", state: "cut" });
  expect(await line("wan1")).toMatchObject({
    status: "disabled",
    tracking: "paused",
  });
});

test("a reload forgets for two seconds, and then takes each line for online unprobed", async () => {
  await until(async () => (await line("wan3"))?.status === "offline");
  ubus.control({ do: "drift", path: "mwan3.wan1.interval", value: "2" });
  expect(await line("wan3")).toMatchObject({
    status: "unknown",
    turn: 0,
    tracking: "down",
  });
  // Its silent target takes a second, in which it is seen as it begins.
  let first: Awaited<ReturnType<typeof line>>;
  await until(async () => {
    first = await line("wan3");
    return first?.status === "online";
  });
  // Targets are told as they answer, the turn when the round is over.
  expect(first?.turn).toBeLessThanOrEqual(1);
});

test("a policy whose name is too long is passed over with a line in the log", () => {
  expect(ubus.control<string[]>({ do: "warnings" }).join()).toContain(
    "a_policy_too_long exceeds max of 15 chars",
  );
});
