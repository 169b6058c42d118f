import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeAll(async () => {
  pve = await startPve({ taskMs: { default: 10, qmcreate: 30 } });
  for (const vmid of [100, 101]) await pve.run("POST", qemu, { vmid });
  pve.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmstart", count: 1 },
  });
  await pve.run("POST", `${qemu}/100/status/start`);
  pve.control({
    do: "fault",
    fault: { kind: "task-warnings", match: "qmstart", count: 1 },
  });
  await pve.run("POST", `${qemu}/101/status/start`);
});
afterAll(() => pve.stop());

const qemu = "/nodes/alpha/qemu";
const tasks = "/nodes/alpha/tasks";

interface Listed {
  upid: string;
  type: string;
  id: string;
  status?: string;
}

async function list(params: Record<string, string | number>) {
  const reply = await pve.send<Listed[]>("GET", tasks, params);
  return reply.data.map(({ type, id }) => `${type} ${id}`);
}

test.each([
  [{}, ["qmstart 101", "qmstart 100", "qmcreate 101", "qmcreate 100"]],
  [{ vmid: 101 }, ["qmstart 101", "qmcreate 101"]],
  [{ typefilter: "qmcreate" }, ["qmcreate 101", "qmcreate 100"]],
  [{ errors: 1 }, ["qmstart 101", "qmstart 100"]],
  [{ statusfilter: "warning" }, ["qmstart 101"]],
  [{ statusfilter: "error,warning" }, ["qmstart 101", "qmstart 100"]],
  [{ limit: 1, start: 1 }, ["qmstart 100"]],
  [{ userfilter: "SITE@pve", limit: 1 }, ["qmstart 101"]],
  [{ userfilter: "root" }, []],
  [{ since: 9_999_999_999 }, []],
  [{ until: 1 }, []],
  [{ source: "active" }, []],
])("tasks with %o", async (params, expected) => {
  expect(await list(params as Record<string, string>)).toEqual(expected);
});

test("a list has the number of all, and statuses as PVE has them", async () => {
  const { body } = await pve.send("GET", tasks, { limit: 2 });
  expect(body).toMatchObject({
    total: 4,
    data: [
      { status: "WARNINGS: 1", node: "alpha", user: "site@pve!hybrid" },
      { status: "command failed: exit code 1" },
    ],
  });
});

test("a running task is in the active list, until it is stopped", async () => {
  pve.control({
    do: "fault",
    fault: { kind: "slow-task", match: "qmclone", ms: 60_000, count: 1 },
  });
  const { data: upid } = await pve.send<string>("POST", `${qemu}/100/clone`, {
    newid: 110,
  });
  const active = await pve.send<Listed[]>("GET", tasks, { source: "active" });
  expect(active.data).toMatchObject([{ upid, status: "RUNNING" }]);
  const { data } = await pve.send("GET", `${tasks}/${upid}/status`);
  expect(data).toMatchObject({
    upid,
    type: "qmclone",
    id: "100",
    user: "site@pve",
    tokenid: "hybrid",
    status: "running",
    pid: expect.any(Number),
  });
  expect((await pve.send("DELETE", `${tasks}/${upid}`)).status).toBe(200);
  expect(await pve.end(upid)).toBe("received interrupt");
  expect((await pve.send("GET", `${qemu}/110/config`)).reason).toContain(
    "does not exist",
  );
});

test("a log is read in parts, ends with the task's end, and may have escapes in its name", async () => {
  const [, failed] = (
    await pve.send<Listed[]>("GET", tasks, { limit: 2 })
  ).data.filter(({ type }) => type === "qmstart");
  const { data: all } = await pve.send<Listed[]>("GET", tasks, {
    statusfilter: "error",
    vmid: 100,
    typefilter: "qmstart",
  });
  const upid = encodeURIComponent((failed ?? all[0])?.upid ?? "");
  const log = `${tasks}/${upid}/log`;
  const { body } = await pve.send("GET", log, { start: 1 });
  expect(body).toEqual({
    data: [{ n: 2, t: "TASK ERROR: command failed: exit code 1" }],
    total: 2,
  });
  const one = await pve.send("GET", log, { limit: 1 });
  expect(one.data).toEqual([{ n: 1, t: "qmstart 100: started" }]);
  expect(
    (await pve.send<unknown[]>("GET", log, { limit: 0 })).data,
  ).toHaveLength(2);
});

test("other people's tasks need Sys.Audit, and stopping them Sys.Modify", async () => {
  const node = "solo";
  const base = `/nodes/${node}`;
  const { data: root } = await pve.send<{
    ticket: string;
    CSRFPreventionToken: string;
  }>("POST", "/access/ticket", { ...pve.lab.root.solo }, { node });
  const headers = {
    authorization: "",
    cookie: `PVEAuthCookie=${encodeURIComponent(root.ticket)}`,
    csrfpreventiontoken: root.CSRFPreventionToken,
  };
  const { data: upid } = await pve.send<string>(
    "POST",
    `${base}/qemu`,
    { vmid: 100 },
    { node, headers },
  );
  const status = () =>
    pve.send("GET", `${base}/tasks/${upid}/status`, {}, { node });
  expect((await status()).status).toBe(200);
  pve.control({ do: "revoke", node, privilege: "Sys.Audit" });
  expect((await status()).reason).toBe(
    "Permission check failed (/nodes/solo, Sys.Audit)",
  );
  expect((await pve.send("GET", `${base}/tasks`, {}, { node })).data).toEqual(
    [],
  );
  expect((await pve.send("GET", "/cluster/tasks", {}, { node })).data).toEqual(
    [],
  );
  pve.control({ do: "revoke", node, privilege: "Sys.Modify" });
  const refused = await pve.send(
    "DELETE",
    `${base}/tasks/${upid}`,
    {},
    { node },
  );
  expect(refused.status).toBe(403);
});

test.each([
  ["GET", `${tasks}/UPID:nonsense/status`, {}, "unable to parse worker upid"],
  [
    "GET",
    `${tasks}/UPID:alpha:00001001:0000AAAA:65AAAAAA:qmstart:100:root@pam:/status`,
    {},
    "no such task",
  ],
  ["GET", tasks, { source: "all of them" }, "enumeration"],
  ["GET", tasks, { statusfilter: "fine" }, "status 'fine'"],
  ["GET", tasks, { limit: "-1" }, "minimum value of 0"],
  ["GET", tasks, { vmid: "web" }, "type check ('integer') failed"],
] as const)("%s %s with %o is refused", async (method, path, params, why) => {
  const reply = await pve.send(method, path, params as Record<string, string>);
  expect(reply.status).toBe(400);
  expect(JSON.stringify(reply.errors)).toContain(why);
});

test("how long a task takes depends on its type", async () => {
  const begun = Date.now();
  await pve.run("POST", qemu, { vmid: 120 });
  expect(Date.now() - begun).toBeGreaterThanOrEqual(30);
});
