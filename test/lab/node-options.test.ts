import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeAll(async () => {
  pve = await startPve();
});
afterAll(() => pve.stop());

const config = "/nodes/alpha/config";
const time = "/nodes/alpha/time";
const delay = "startall-onboot-delay";

type Config = Record<string, string | number>;
const read = async () => (await pve.send<Config>("GET", config)).data;
const put = (params: Record<string, string | number>) =>
  pve.send("PUT", config, params);

afterEach(() => put({ delete: `${delay},description,wakeonlan` }));

test("a node without a configuration has no digest, and asks for none", async () => {
  expect(await read()).toEqual({});
  expect((await put({ [delay]: 30, digest: "0" })).status).toBe(200);
  expect(await read()).toEqual({
    [delay]: 30,
    digest: expect.stringMatching(/^[0-9a-f]{40}$/),
  });
});

test("a setting is changed by digest and deleted, the others stay", async () => {
  await put({ [delay]: 30, description: "first\nsecond" });
  const { digest = "", ...rest } = await read();
  expect(rest).toEqual({ [delay]: 30, description: "first\nsecond\n" });
  const refused = await put({ [delay]: 40, digest: "0".repeat(40) });
  expect([refused.status, refused.reason]).toEqual([
    500,
    "detected modified configuration - file changed by other user? Try again.",
  ]);
  expect((await put({ [delay]: 40, digest })).status).toBe(200);
  expect((await read()).digest).not.toBe(digest);
  // What is set and deleted at once is gone, and nobody minds what was not there.
  await put({ [delay]: 50, delete: `${delay},colour` });
  expect(await read()).toMatchObject({ description: "first\nsecond\n" });
  expect(await read()).not.toHaveProperty(delay);
});

test("one setting can be asked for alone", async () => {
  await put({ [delay]: 30, wakeonlan: "bc:24:11:00:00:01" });
  const one = (property: string) => pve.send("GET", config, { property });
  expect((await one(delay)).data).toEqual({ [delay]: 30 });
  expect((await one("acme")).data).toEqual({});
  expect((await one("colour")).errors.property).toContain("enumeration");
});

test.each([
  [{ colour: "red" }, "colour", "property is not defined in schema"],
  [{ [delay]: 301 }, delay, "value must have a maximum value of 300"],
  [{ [delay]: -1 }, delay, "value must have a minimum value of 0"],
  [{ [delay]: "2min" }, delay, "type check ('integer') failed - got '2min'"],
  [
    { "ballooning-target": 101 },
    "ballooning-target",
    "value must have a maximum value of 100",
  ],
  [{ wakeonlan: "lan" }, "wakeonlan", "valid unicast MAC address"],
  [{ delete: "7" }, "delete", "invalid configuration ID '7'"],
  [{ digest: "0".repeat(41) }, "digest", "may only be 40 characters long"],
])("%o is refused, and nothing is written", async (params, key, why) => {
  const reply = await put(params);
  expect(reply.status).toBe(400);
  expect(reply.errors[key]).toContain(why);
  expect(await read()).toEqual({});
});

test("a time zone is set, and the local time follows it", async () => {
  interface Time {
    timezone: string;
    time: number;
    localtime: number;
  }
  const look = async () => (await pve.send<Time>("GET", time)).data;
  const first = await look();
  expect(first.timezone).toBe("Etc/UTC");
  expect(first.localtime).toBe(first.time);
  expect(Math.abs(first.time - Date.now() / 1_000)).toBeLessThan(5);
  await pve.send("PUT", time, { timezone: "Asia/Kathmandu" });
  const second = await look();
  expect(second.timezone).toBe("Asia/Kathmandu");
  expect(second.localtime - second.time).toBe(5.75 * 3_600);
  expect((await pve.send("PUT", time, { timezone: "UTC" })).status).toBe(200);
});

test.each(["Mars/Olympus", "america/new_york", "EUROPE/ROME", "+01:00"])(
  "the time zone %p is not one",
  async (timezone) => {
    const reply = await pve.send("PUT", time, { timezone });
    expect([reply.status, reply.errors]).toEqual([
      400,
      { timezone: "No such timezone" },
    ]);
  },
);

test("a time zone must be given, and nothing else is taken", async () => {
  const reply = await pve.send("PUT", time, { time: "1" });
  expect(Object.keys(reply.errors).sort()).toEqual(["time", "timezone"]);
});

test.each(["Sys.Audit", "Sys.Modify"])(
  "without %s its requests are refused",
  async (privilege) => {
    const options = { node: "solo" };
    pve.control({ do: "revoke", node: "solo", privilege });
    const method = privilege === "Sys.Audit" ? "GET" : "PUT";
    const send = (path: string) =>
      pve.send(method, `/nodes/solo/${path}`, {}, options);
    expect((await send("config")).reason).toBe(
      `Permission check failed (/, ${privilege})`,
    );
    expect((await send("time")).reason).toBe(
      `Permission check failed (/nodes/solo, ${privilege})`,
    );
  },
);

test("a simulator that starts again has both still, and a booting node waits before it starts guests", async () => {
  const own = await startPve();
  await own.send("PUT", config, { [delay]: 1 });
  await own.send("PUT", time, { timezone: "America/New_York" });
  await own.run("POST", "/nodes/alpha/qemu", { vmid: 100, onboot: 1 });
  await own.stop(true);
  const again = await startPve({ directory: own.directory });
  try {
    expect((await again.send("GET", config)).data).toMatchObject({
      [delay]: 1,
    });
    expect((await again.send("GET", time)).data).toMatchObject({
      timezone: "America/New_York",
    });
    again.control({ do: "reboot-node", node: "alpha", ms: 50 });
    const begun = Date.now();
    const isRunning = async () => {
      const path = "/nodes/alpha/qemu/100/status/current";
      const look = () => again.send<{ status: string }>("GET", path);
      const reply = await look().catch(() => undefined);
      return reply?.data.status === "running";
    };
    await again.until(isRunning);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
  } finally {
    await again.stop();
  }
});
