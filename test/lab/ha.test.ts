import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeEach(async () => {
  pve = await startPve();
  await pve.run("POST", qemu, { vmid: 100, scsi0: "shared:1" });
});
afterEach(() => pve.stop());

const qemu = "/nodes/alpha/qemu";
const resources = "/cluster/ha/resources";
const guest = `${qemu}/100`;

interface Current {
  status: string;
  ha: { managed: number; state?: string };
}

async function current(node = "alpha"): Promise<Current> {
  const { data } = await pve.send<Current>(
    "GET",
    `/nodes/${node}/qemu/100/status/current`,
  );
  return data;
}

const becomes = (status: string, node = "alpha") =>
  pve.until(async () => (await current(node))?.status === status);

async function manage(params: Record<string, string | number> = {}) {
  const reply = await pve.send("POST", resources, { sid: "vm:100", ...params });
  expect([reply.status, reply.data]).toEqual([200, null]);
}

async function state(): Promise<string> {
  const { data } = await pve.send<{ state: string }>(
    "GET",
    `${resources}/vm:100`,
  );
  return data.state;
}

test("a managed guest is started after a while, and again when somebody stops it", async () => {
  expect((await current()).ha).toEqual({ managed: 0 });
  await manage();
  expect(await state()).toBe("started");
  await becomes("running");
  await pve.until(async () => (await current()).ha.state === "started");
  pve.control({ do: "drift", guest: "100", change: "stop" });
  await becomes("running");
});

test("a stop is a request that ends at once, and sets the wanted state", async () => {
  await manage();
  await becomes("running");
  const { data: upid } = await pve.send<string>("POST", `${guest}/status/stop`);
  expect(upid).toContain(":hastop:100:");
  expect(await pve.end(upid)).toBe("OK");
  expect(await state()).toBe("stopped");
  await becomes("stopped");
  const { data: started } = await pve.send<string>(
    "POST",
    `${guest}/status/start`,
  );
  expect(started).toContain(":hastart:100:");
  await becomes("running");
});

test("the work itself is a worker of root@pam's, which may fail and leads to the state error", async () => {
  pve.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmstart" },
  });
  await manage();
  await pve.until(async () => (await current()).ha.state === "error");
  const { data: tasks } = await pve.send<{ type: string; user: string }[]>(
    "GET",
    "/nodes/alpha/tasks",
    { typefilter: "qmstart" },
  );
  expect(tasks.map(({ user }) => user)).toEqual(["root@pam", "root@pam"]);
  const refused = await pve.send("PUT", `${resources}/vm:100`, {
    state: "started",
  });
  expect(refused.reason).toBe(
    "service 'vm:100' in error state, must be disabled and fixed first",
  );
  pve.control({ do: "clear-faults" });
  await pve.send("PUT", `${resources}/vm:100`, { state: "disabled" });
  await pve.until(async () => (await current()).ha.state === "stopped");
  await pve.send("PUT", `${resources}/vm:100`, { state: "started" });
  await becomes("running");
});

test("a migration is a request too; the guest arrives later", async () => {
  await manage();
  await becomes("running");
  const { data: upid } = await pve.send<string>("POST", `${guest}/migrate`, {
    target: "beta",
    online: 1,
  });
  expect(upid).toContain(":hamigrate:100:");
  expect(await pve.end(upid)).toBe("OK");
  await becomes("running", "beta");
});

test("a relocation stops, moves and starts it", async () => {
  await manage();
  await becomes("running");
  const reply = await pve.send("POST", `${resources}/vm:100/relocate`, {
    node: "beta",
  });
  expect(reply.data).toMatchObject({ sid: "vm:100", "requested-node": "beta" });
  await becomes("running", "beta");
  const { data } = await pve.send<{ type: string }[]>(
    "GET",
    "/nodes/alpha/tasks",
    { vmid: 100 },
  );
  expect(data.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["qmshutdown", "qmigrate"]),
  );
});

test("an ignored service is as good as none", async () => {
  await manage({ state: "ignored" });
  const { data: upid } = await pve.send<string>(
    "POST",
    `${guest}/status/start`,
  );
  expect(upid).toContain(":qmstart:100:");
  expect((await current()).ha).toEqual({ managed: 0 });
});

test("a managed guest goes only with purge, and its service with it", async () => {
  await manage({ state: "stopped" });
  const refused = await pve.send("DELETE", guest);
  expect(refused.reason).toBe(
    "unable to remove VM 100 - used in HA resources and purge parameter not set.",
  );
  expect(await pve.run("DELETE", guest, { purge: 1 })).toBe("OK");
  expect((await pve.send("GET", resources)).data).toEqual([]);
});

test("the status lists quorum, master, nodes and services", async () => {
  await manage({ comment: "router" });
  await becomes("running");
  await pve.until(async () => (await current()).ha.state === "started");
  const { data } = await pve.send("GET", "/cluster/ha/status/current");
  expect(data).toMatchObject([
    { type: "quorum", quorate: 1 },
    { type: "master", node: "alpha" },
    { type: "lrm", node: "alpha" },
    { type: "lrm", node: "beta" },
    {
      id: "service:vm:100",
      node: "alpha",
      state: "started",
      request_state: "started",
      comment: "router",
    },
  ]);
  const listed = await pve.send("GET", "/cluster/resources", { type: "vm" });
  expect(listed.data).toMatchObject([{ vmid: 100, hastate: "started" }]);
});

test("a service is changed by digest, and options go by delete", async () => {
  await manage({ max_restart: 3, comment: "old", failback: 0 });
  const { data } = await pve.send<{ digest: string }>(
    "GET",
    `${resources}/vm:100`,
  );
  expect(data).toMatchObject({
    sid: "vm:100",
    type: "vm",
    max_restart: 3,
    failback: 0,
  });
  const put = (params: Record<string, string>) =>
    pve.send("PUT", `${resources}/100`, params);
  expect((await put({ digest: "0", comment: "x" })).reason).toContain(
    "detected modified configuration",
  );
  expect((await put({ digest: data.digest, delete: "comment" })).status).toBe(
    200,
  );
  const after = await pve.send("GET", `${resources}/vm:100`);
  expect(after.data).not.toHaveProperty("comment");
});

test.each([
  [
    "POST",
    resources,
    { sid: "vm:999" },
    "unable to find configuration file for VM 999",
  ],
  [
    "POST",
    resources,
    { sid: "ct:100" },
    "unable to find configuration file for CT 100",
  ],
  ["POST", resources, { sid: "router" }, "unable to parse resource id"],
  ["POST", resources, {}, "property is missing"],
  ["POST", resources, { sid: "vm:100", state: "on" }, "enumeration"],
  [
    "POST",
    resources,
    { sid: "vm:100", max_restart: "-1" },
    "minimum value of 0",
  ],
  [
    "POST",
    resources,
    { sid: "vm:100", group: "g" },
    "ha groups have been migrated to rules",
  ],
  ["POST", resources, { sid: "vm:100", type: "ct" }, "types does not match"],
  ["PUT", `${resources}/vm:100`, { type: "vm" }, "not defined in schema"],
  ["GET", `${resources}/vm:999`, {}, "no such resource 'vm:999'"],
  ["PUT", `${resources}/vm:999`, { comment: "x" }, "no such resource 'vm:999'"],
  ["DELETE", `${resources}/vm:999`, {}, "not HA managed"],
  [
    "POST",
    `${resources}/vm:100/migrate`,
    { node: "beta" },
    "resource 'vm:100' is not HA managed",
  ],
  ["GET", "/cluster/ha/groups", {}, "ha groups have been migrated to rules"],
  [
    "POST",
    "/cluster/ha/rules",
    { rule: "pin", type: "node-affinity", resources: "vm:100", nodes: "beta" },
    "cannot use unmanaged resource(s) vm:100",
  ],
] as const)("%s %s with %o is refused", async (method, path, params, why) => {
  const reply = await pve.send(method, path, params as Record<string, string>);
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(reply.reason + JSON.stringify(reply.errors)).toContain(why);
});

test("a service cannot be made twice", async () => {
  await manage();
  const again = await pve.send("POST", resources, { sid: "100" });
  expect(again.reason).toContain("resource ID 'vm:100' already defined");
});

test("rules hold which nodes and which company a service keeps", async () => {
  await manage({ state: "stopped" });
  const rules = "/cluster/ha/rules";
  const pin = { rule: "pin", type: "node-affinity", resources: "vm:100" };
  expect((await pve.send("POST", rules, pin)).reason).toContain(
    "missing value for required option 'nodes'",
  );
  expect(
    (await pve.send("POST", rules, { ...pin, nodes: "beta:2" })).status,
  ).toBe(200);
  const { data } = await pve.send("GET", rules, { type: "node-affinity" });
  expect(data).toMatchObject([{ rule: "pin", nodes: "beta:2" }]);
  await pve.send("PUT", `${rules}/pin`, { type: "node-affinity", strict: 1 });
  expect((await pve.send("GET", `${rules}/pin`)).data).toMatchObject({
    strict: 1,
  });
  await pve.send("DELETE", `${rules}/pin`);
  expect((await pve.send("GET", `${rules}/pin`)).reason).toContain(
    "no such ha rule",
  );
});

test("an HA manager that is killed goes on where it was", async () => {
  await manage();
  await pve.stop(true);
  pve = await startPve({ directory: pve.directory });
  await becomes("running");
});
