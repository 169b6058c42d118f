import { type Pve, startPve } from "../support/pve";

let pve: Pve;
let next = 100;
beforeAll(async () => {
  pve = await startPve();
});
afterEach(() => pve.control({ do: "clear-faults" }));
afterAll(() => pve.stop());

const qemu = "/nodes/alpha/qemu";

interface Current {
  status: string;
  qmpstatus: string;
  lock?: string;
  pid?: number;
}

async function made(
  params: Record<string, string | number> = {},
): Promise<string> {
  const vmid = next++;
  await pve.run("POST", qemu, { vmid, ...params });
  return `${qemu}/${vmid}`;
}

const act = (guest: string, action: string, params = {}) =>
  pve.run("POST", `${guest}/status/${action}`, params);

async function running(
  params: Record<string, string | number> = {},
): Promise<string> {
  const guest = await made(params);
  expect(await act(guest, "start")).toBe("OK");
  return guest;
}

async function current(guest: string): Promise<Current> {
  return (await pve.send<Current>("GET", `${guest}/status/current`)).data;
}

const config = async (guest: string, params = {}) =>
  (await pve.send<Record<string, unknown>>("GET", `${guest}/config`, params))
    .data;

const becomes = (guest: string, status: string) =>
  pve.until(async () => (await current(guest)).status === status);

test("status/current has what clients read", async () => {
  const guest = await running({
    cores: 2,
    sockets: 2,
    memory: "2048",
    tags: "b;a",
    agent: "1",
    scsi0: "fast:3",
    boot: "order=scsi0",
  });
  expect((await pve.send("GET", `${guest}/status/current`)).data).toMatchObject(
    {
      status: "running",
      qmpstatus: "running",
      cpus: 4,
      maxmem: 2 ** 31,
      maxdisk: 3 * 2 ** 30,
      tags: "a;b",
      agent: 1,
      ha: { managed: 0 },
      pid: expect.any(Number),
      uptime: expect.any(Number),
    },
  );
  await act(guest, "stop");
  expect(await current(guest)).not.toHaveProperty("pid");
});

test.each([
  ["start", "a running guest", "VM \\d+ already running", running],
  ["stop", "a stopped guest", "OK", made],
  ["shutdown", "a stopped guest", "OK", made],
])("%s of %s is a task that ends with %s", async (action, _what, end, make) => {
  expect(await act(await make(), action)).toMatch(new RegExp(end));
});

test.each(["reset", "reboot", "suspend", "resume"])(
  "%s of a stopped guest is refused at once",
  async (action) => {
    const guest = await made();
    const reply = await pve.send("POST", `${guest}/status/${action}`);
    expect([reply.status, reply.reason]).toEqual([
      500,
      expect.stringMatching(/^VM \d+ not running$/),
    ]);
  },
);

test("a template does not start", async () => {
  const guest = await made({ scsi0: "fast:1" });
  await pve.run("POST", `${guest}/template`);
  expect(await act(guest, "start")).toBe(
    "you can't start a vm if it's a template",
  );
});

test.each([
  [{ net0: "virtio,bridge=vmbr9" }, "bridge 'vmbr9' does not exist"],
  [{ memory: "99999999" }, "Cannot allocate memory"],
])("a start with %o fails as a task", async (params, why) => {
  const guest = await made(params as Record<string, string>);
  expect(await act(guest, "start")).toContain(why);
  expect((await current(guest)).status).toBe("stopped");
});

test("a guest that ignores the shutdown stays, unless it is to be forced", async () => {
  const guest = await running();
  pve.control({ do: "fault", fault: { kind: "ignores-shutdown" } });
  const begun = Date.now();
  expect(await act(guest, "shutdown", { timeout: 1 })).toBe(
    "VM quit/powerdown failed - got timeout",
  );
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
  expect((await current(guest)).status).toBe("running");
  expect(await act(guest, "reboot", { timeout: 1 })).toBe(
    "VM quit/powerdown failed - got timeout",
  );
  expect(await act(guest, "shutdown", { timeout: 1, forceStop: 1 })).toBe("OK");
  expect((await current(guest)).status).toBe("stopped");
});

test("a stop may overrule the shutdown that still waits", async () => {
  const guest = await running();
  pve.control({ do: "fault", fault: { kind: "ignores-shutdown" } });
  const { data: waiting } = await pve.send<string>(
    "POST",
    `${guest}/status/shutdown`,
    { timeout: 60 },
  );
  expect(await act(guest, "stop", { "overrule-shutdown": 1 })).toBe("OK");
  expect(await pve.end(waiting)).toBe("received interrupt");
  expect((await current(guest)).status).toBe("stopped");
});

test("a reboot applies what waits, by a stop and a start of its own", async () => {
  const guest = await running({ cores: 1 });
  await pve.send("PUT", `${guest}/config`, { cores: 3 });
  expect(await config(guest, { current: 1 })).toMatchObject({ cores: 1 });
  expect(await act(guest, "reset")).toBe("OK");
  expect(await config(guest, { current: 1 })).toMatchObject({ cores: 1 });
  expect(await act(guest, "reboot")).toBe("OK");
  await becomes(guest, "running");
  expect(await config(guest, { current: 1 })).toMatchObject({ cores: 3 });
  const { data } = await pve.send<{ type: string; user: string }[]>(
    "GET",
    "/nodes/alpha/tasks",
    { vmid: Number(guest.split("/").at(-1)), source: "all" },
  );
  expect(data[0]).toMatchObject({ type: "qmstart", user: "root@pam" });
  expect(data[1]).toMatchObject({ type: "qmreboot" });
});

test("a paused guest is running, shuts down only by force, and resumes", async () => {
  const guest = await running();
  expect(await act(guest, "suspend")).toBe("OK");
  expect(await current(guest)).toMatchObject({
    status: "running",
    qmpstatus: "paused",
  });
  const refused = await pve.send("POST", `${guest}/status/shutdown`);
  expect(refused.reason).toBe("VM is paused - cannot shutdown");
  expect(await act(guest, "resume")).toBe("OK");
  expect((await current(guest)).qmpstatus).toBe("running");
});

test("a guest suspended to disk has a lock, and a start wakes it", async () => {
  const guest = await running({ scsi0: "fast:1" });
  expect(await act(guest, "suspend", { todisk: 1 })).toBe("OK");
  expect(await current(guest)).toMatchObject({
    status: "stopped",
    lock: "suspended",
  });
  expect(String((await config(guest)).vmstate)).toMatch(/^fast:vm-\d+-state-/);
  expect(await act(guest, "start")).toBe("OK");
  expect(await current(guest)).not.toHaveProperty("lock");
  expect(await config(guest)).not.toHaveProperty("vmstate");
});

test("the lock is the worker's to wait for, so a timeout is an exit status", async () => {
  const guest = await made();
  pve.control({
    do: "fault",
    fault: { kind: "lock-timeout", match: guest.split("/").at(-1), count: 1 },
  });
  expect(await act(guest, "start")).toMatch(/can't lock file .* got timeout/);
  pve.control({
    do: "fault",
    fault: { kind: "slow-task", match: "qmstart", ms: 200, count: 1 },
  });
  const { data: start } = await pve.send<string>(
    "POST",
    `${guest}/status/start`,
  );
  const { data: stop } = await pve.send<string>("POST", `${guest}/status/stop`);
  expect([await pve.end(start), await pve.end(stop)]).toEqual(["OK", "OK"]);
  expect((await current(guest)).status).toBe("stopped");
});

test("a start that takes longer than its timeout fails", async () => {
  const guest = await made();
  pve.control({
    do: "fault",
    fault: { kind: "slow-task", match: "qmstart", ms: 3_000, count: 1 },
  });
  expect(await act(guest, "start", { timeout: 1 })).toMatch(
    /^start failed: .* got timeout$/,
  );
});

test.each([
  ["start", { skiplock: 1 }, "Only root may use this option."],
  ["start", { migratedfrom: "beta" }, "Only root may use this option."],
  ["start", { "with-conntrack-state": 1 }, "Only root may use this option."],
  ["stop", { keepActive: 1 }, "Only root may use this option."],
  ["resume", { nocheck: 1 }, "Only root may use this option."],
  ["shutdown", { timeout: -1 }, "minimum value of 0"],
  ["suspend", { statestorage: "fast" }, "requires this property"],
  ["reboot", { forceStop: 1 }, "not defined in schema"],
] as const)("%s with %o is refused", async (action, params, why) => {
  const guest = await running();
  const reply = await pve.send("POST", `${guest}/status/${action}`, {
    ...params,
  });
  expect(reply.status).toBe(400);
  expect(JSON.stringify(reply.errors)).toContain(why);
});

describe("the guest agent", () => {
  test("answers after a while, and not while the guest is off or paused", async () => {
    const guest = await made({ agent: "1", name: "web" });
    const ask = (name = "get-host-name", method = "GET") =>
      pve.send(method, `${guest}/agent/${name}`);
    expect((await ask()).reason).toMatch(/^VM \d+ is not running$/);
    await act(guest, "start");
    expect((await ask()).reason).toBe("QEMU guest agent is not running");
    await pve.until(async () => (await ask("ping", "POST")).status === 200);
    expect((await ask()).data).toEqual({ result: { "host-name": "web" } });
    expect((await ask("get-osinfo")).data).toMatchObject({
      result: { id: "debian" },
    });
    pve.control({ do: "fault", fault: { kind: "no-agent" } });
    expect((await ask()).reason).toBe("QEMU guest agent is not running");
    pve.control({ do: "clear-faults" });
    pve.control({ do: "fault", fault: { kind: "agent-timeout" } });
    expect((await ask()).reason).toMatch(
      /^VM \d+ qga command 'guest-get-host-name' failed - got timeout$/,
    );
    pve.control({ do: "clear-faults" });
    pve.control({ do: "fault", fault: { kind: "agent-refuses" } });
    expect(await ask()).toMatchObject({
      status: 200,
      data: { result: { error: { class: "CommandNotFound" } } },
    });
    expect((await ask("ping", "POST")).data).toEqual({ result: {} });
    pve.control({ do: "clear-faults" });
    await act(guest, "suspend");
    expect((await ask()).reason).toBe("QEMU guest agent is not running");
  });

  test("is not there when it is not configured", async () => {
    const guest = await running();
    expect((await pve.send("GET", `${guest}/agent/get-osinfo`)).reason).toBe(
      "No QEMU guest agent configured",
    );
  });
});

test("a rebooting node loses its tasks and guests, and starts those with onboot in order", async () => {
  const [later, first, off] = [
    await running({ onboot: 1, startup: "order=2" }),
    await running({ onboot: 1, startup: "order=1" }),
    await running(),
  ];
  const { data: upid } = await pve.send<string>("POST", `${off}/clone`, {
    newid: 900,
    full: 1,
  });
  pve.control({ do: "reboot-node", node: "alpha", ms: 150 });
  await expect(current(off)).rejects.toThrow(/hang up|ECONNRESET|socket/);
  const away = await pve.send(
    "GET",
    `${off}/status/current`,
    {},
    { node: "beta" },
  );
  expect(away.status).toBe(595);
  const { data: nodes } = await pve.send("GET", "/nodes", {}, { node: "beta" });
  expect(nodes).toMatchObject([
    { node: "alpha", status: "offline" },
    { node: "beta", status: "online" },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await becomes(first, "running");
  await becomes(later, "running");
  expect((await current(off)).status).toBe("stopped");
  expect(await pve.end(upid)).toBe("unexpected status");
  // Nobody was left to undo what the clone had begun.
  expect(await config(`${qemu}/900`)).toMatchObject({ lock: "clone" });
  const { data } = await pve.send<{ type: string; id: string }[]>(
    "GET",
    "/nodes/alpha/tasks",
    { userfilter: "root@pam", limit: 3 },
  );
  expect(data.map(({ type, id }) => `${type} ${id}`).sort()).toEqual(
    [
      `qmstart ${later.split("/").at(-1)}`,
      `qmstart ${first.split("/").at(-1)}`,
      "startall ",
    ].sort(),
  );
});
