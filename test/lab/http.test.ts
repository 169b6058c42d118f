import { Agent, request } from "node:https";
import type { Fault } from "../../lab/proxmox";
import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeEach(async () => {
  pve = await startPve();
});
afterEach(() => pve.stop());

const qemu = "/nodes/alpha/qemu";
const fault = (value: Fault) => pve.control({ do: "fault", fault: value });
const fired = () =>
  pve
    .control<Fault[]>({ do: "faults" })
    .reduce((sum, item) => sum + (item.fired ?? 0), 0);
const create = (vmid: number) => pve.send<string>("POST", qemu, { vmid });
const exists = async (vmid: number) =>
  (await pve.send("GET", `${qemu}/${vmid}/config`)).status === 200;

test.each([
  [500, "Internal Server Error"],
  [503, "Service Unavailable"],
  [595, "Connection refused"],
  [596, "Connection timed out"],
])(
  "status %i comes in place of the work, or of its reply",
  async (status, reason) => {
    fault({ kind: "error-before", match: `POST ${qemu}`, status, count: 1 });
    const before = await create(100);
    expect([before.status, before.reason]).toEqual([status, reason]);
    expect(await exists(100)).toBe(false);
    fault({ kind: "error-after", match: `POST ${qemu}`, status, count: 1 });
    expect((await create(100)).status).toBe(status);
    expect(await exists(100)).toBe(true);
    expect(fired()).toBe(2);
  },
);

test.each([
  ["reset-before", false],
  ["reset-after", true],
  ["truncated-reply", true],
] as const)("%s cuts the connection", async (kind, isDone) => {
  fault({ kind, match: `POST ${qemu}`, count: 1 });
  await expect(create(100)).rejects.toThrow();
  expect(await exists(100)).toBe(isDone);
});

test("latency slows what matches", async () => {
  fault({ kind: "latency", match: "GET /version", ms: 120 });
  const begun = Date.now();
  await pve.send("GET", "/version");
  expect(Date.now() - begun).toBeGreaterThanOrEqual(120);
});

test("a node that is gone does not answer, and is 595 through another one", async () => {
  fault({ kind: "node-down", host: "alpha" });
  await expect(pve.send("GET", "/version")).rejects.toThrow();
  const via = await pve.send("GET", qemu, {}, { node: "beta" });
  expect([via.status, via.reason, via.text]).toEqual([
    595,
    "No route to host",
    "",
  ]);
  const { data } = await pve.send(
    "GET",
    "/cluster/status",
    {},
    { node: "beta" },
  );
  expect(data).toMatchObject([
    { type: "cluster", name: "pair", quorate: 1 },
    { name: "alpha", online: 0 },
    { name: "beta", online: 1, local: 1 },
  ]);
});

test.each([
  [
    "task-lock-timeout",
    "qmcreate",
    /can't lock file .*lock-100.conf' - got timeout/,
  ],
  ["storage-lock-timeout", "qmcreate", /got lock request timeout/],
  ["task-fail", "qmcreate", /exit code 1/],
  ["full-storage", "fast", /out of space on storage 'fast'/],
] as const)("%s ends a task, and nothing is left", async (kind, match, end) => {
  fault({ kind, match, count: 1 });
  expect(await pve.run("POST", qemu, { vmid: 100, scsi0: "fast:1" })).toMatch(
    end,
  );
  expect(await exists(100)).toBe(false);
  expect(await pve.run("POST", qemu, { vmid: 100, scsi0: "fast:1" })).toBe(
    "OK",
  );
});

test("the same seed hits the same requests, whatever their order", async () => {
  const hits = async (seed: number, order: number[]) => {
    pve.control({ do: "clear-faults" });
    const fresh = await startPve();
    fresh.control({
      do: "fault",
      fault: {
        kind: "error-before",
        match: `GET ${qemu}/*/config`,
        rate: 0.3,
        seed,
      },
    });
    const hit: number[] = [];
    for (const vmid of order) {
      const { status } = await fresh.send("GET", `${qemu}/${vmid}/config`);
      if (status === 596) hit.push(vmid);
    }
    await fresh.stop();
    return hit.sort((left, right) => left - right);
  };
  const order = Array.from({ length: 40 }, (_, index) => 100 + index);
  const one = await hits(7, order);
  expect(one.length).toBeGreaterThan(3);
  expect(one.length).toBeLessThan(25);
  expect(await hits(7, [...order].reverse())).toEqual(one);
  expect(await hits(8, order)).not.toEqual(one);
}, 20_000);

test("the ExtJS form answers 200 with what came of it", async () => {
  const prefix = "/api2/extjs";
  const good = await pve.send("GET", "/version", {}, { prefix });
  expect(good.body).toMatchObject({ success: 1, data: { release: "9.1" } });
  const bad = await pve.send("GET", `${qemu}/999/config`, {}, { prefix });
  expect([bad.status, bad.body]).toEqual([
    200,
    expect.objectContaining({ success: 0, status: 500, data: null }),
  ]);
  expect(String(bad.body.message)).toContain("does not exist");
  const wrong = await pve.send("POST", qemu, {}, { prefix });
  expect(wrong.body).toMatchObject({
    success: 0,
    status: 400,
    errors: { vmid: "property is missing and it is not optional" },
  });
});

test("a path is unescaped once, and slashes too many count for nothing", async () => {
  expect((await pve.send("GET", "//nodes/%61lpha/status/")).status).toBe(200);
  const twice = await pve.send("GET", "/nodes/%2561lpha/status");
  expect(twice.reason).toContain("hostname lookup '%61lpha' failed");
});

test("localhost is the node that was asked", async () => {
  const { data } = await pve.send(
    "GET",
    "/nodes/localhost/storage",
    {},
    { node: "beta" },
  );
  expect(data).not.toEqual([]);
});

test("an error closes the connection, a success keeps it for 5 s and does not say so", async () => {
  const good = await pve.send("GET", "/version");
  expect(good.headers.connection).toBe("keep-alive");
  expect(good.headers["keep-alive"]).toBeUndefined();
  const bad = await pve.send("GET", `${qemu}/999/config`);
  expect(bad.headers.connection).toBe("close");
  const { url, ca } = pve.lab.endpoints.alpha ?? { url: "", ca: "" };
  const agent = new Agent({ keepAlive: true, ca });
  const idle = await new Promise<number>((resolve, reject) => {
    const headers = {
      authorization: `PVEAPIToken=${pve.lab.tokens().alpha}`,
    };
    const path = `${url}/api2/json/version`;
    const asked = request(path, { agent, headers }, (reply) => {
      let since = 0;
      reply.socket.on("close", () => resolve(Date.now() - since));
      reply.resume().on("end", () => {
        since = Date.now();
      });
    });
    asked.on("error", reject).end();
  });
  expect(idle).toBeGreaterThan(4_500);
  expect(idle).toBeLessThan(6_500);
}, 15_000);

test("what is not below /api2 is no file", async () => {
  const reply = await pve.send("GET", "/favicon.ico", {}, { prefix: "" });
  expect([reply.status, reply.reason]).toEqual([
    404,
    "no such file '/favicon.ico'",
  ]);
});

test.each(["OPTIONS", "PATCH"])(
  "method %s is not available",
  async (method) => {
    const reply = await pve.send(method, "/version");
    expect([reply.status, reply.reason]).toEqual([
      501,
      `method '${method}' not available`,
    ]);
  },
);

test("an unknown fault is told with those there are", () => {
  expect(() => fault({ kind: "earthquake" as Fault["kind"] })).toThrow(
    /no fault "earthquake", known are error-before/,
  );
});
