import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeAll(async () => {
  pve = await startPve();
  await pve.send("POST", "/pools", { poolid: "site", comment: "ours" });
  await pve.send("POST", "/pools", { poolid: "site/router" });
  await pve.send("POST", "/pools", { poolid: "other" });
  await pve.run("POST", qemu, { vmid: 100, pool: "site" });
});
afterAll(() => pve.stop());

const qemu = "/nodes/alpha/qemu";

async function membersOf(poolid: string): Promise<unknown[]> {
  const { data } = await pve.send<{ members: unknown[] }[]>("GET", "/pools", {
    poolid,
  });
  return data[0]?.members ?? [];
}

test("a guest is made in a pool, cloned into another, and leaves it when destroyed", async () => {
  expect(await membersOf("site")).toMatchObject([
    { id: "qemu/100", vmid: 100, pool: "site", node: "alpha" },
  ]);
  await pve.run("POST", `${qemu}/100/clone`, { newid: 101, pool: "other" });
  const { data } = await pve.send("GET", "/cluster/resources", { type: "vm" });
  expect(data).toMatchObject([{ pool: "site" }, { pool: "other" }]);
  await pve.run("DELETE", `${qemu}/101`);
  expect(await membersOf("other")).toEqual([]);
});

test("lists have id and comment; one pool has its members, by type too", async () => {
  const { data } = await pve.send("GET", "/pools");
  expect(data).toEqual([
    { poolid: "other" },
    { poolid: "site", comment: "ours" },
    { poolid: "site/router" },
  ]);
  await pve.send("PUT", "/pools", { poolid: "site", storage: "fast" });
  const storages = await pve.send("GET", "/pools/site", { type: "storage" });
  expect(storages.data).toMatchObject({
    comment: "ours",
    members: [{ type: "storage", storage: "fast" }],
  });
  await pve.send("PUT", "/pools/site", { storage: "fast", delete: 1 });
  expect((await pve.send("GET", "/pools/site")).data).toMatchObject({
    members: [{ vmid: 100 }],
  });
});

test("a guest changes its pool only where that is allowed for", async () => {
  await pve.run("POST", qemu, { vmid: 110 });
  await pve.send("PUT", "/pools", { poolid: "other", vms: 110 });
  const refused = await pve.send("PUT", "/pools/site", { vms: 110 });
  expect(refused.reason).toContain("VM 110 belongs already to pool 'other'");
  await pve.send("PUT", "/pools/site", { vms: 110, "allow-move": 1 });
  expect(await membersOf("other")).toEqual([]);
  await pve.send("PUT", "/pools", { poolid: "site", vms: 110, delete: 1 });
  expect(await membersOf("site")).toHaveLength(1);
});

test.each([
  [
    "POST",
    "/pools",
    { poolid: "site" },
    500,
    "create pool failed: pool 'site' already exists",
  ],
  [
    "POST",
    "/pools",
    { poolid: "no/child" },
    500,
    "parent 'no' of pool 'no/child' does not exist",
  ],
  ["POST", "/pools", { poolid: "a b" }, 400, "contains invalid characters"],
  ["POST", "/pools", {}, 400, "property is missing"],
  [
    "POST",
    "/pools",
    { poolid: "x", colour: "red" },
    400,
    "property is not defined in schema",
  ],
  ["GET", "/pools", { poolid: "gone" }, 500, "pool 'gone' does not exist"],
  ["GET", "/pools", { type: "qemu" }, 400, "'type' requires this property"],
  ["GET", "/pools/site", { type: "vm" }, 400, "enumeration"],
  [
    "PUT",
    "/pools",
    { poolid: "gone", vms: "100" },
    500,
    "update pools failed: pool 'gone' does not exist",
  ],
  [
    "PUT",
    "/pools/site",
    { vms: "100" },
    500,
    "VM 100 is already a pool member",
  ],
  [
    "PUT",
    "/pools/other",
    { vms: "100", delete: "1" },
    500,
    "VM 100 is not a pool member",
  ],
  [
    "PUT",
    "/pools/other",
    { storage: "fast", delete: "1" },
    500,
    "Storage 'fast' is not a pool member",
  ],
  ["PUT", "/pools/other", { vms: "web" }, 400, "valid VM ID"],
  [
    "DELETE",
    "/pools",
    { poolid: "site" },
    500,
    "is not empty (contains pool 'site/router')",
  ],
  [
    "DELETE",
    "/pools/gone",
    {},
    500,
    "delete pool failed: pool 'gone' does not exist",
  ],
  [
    "POST",
    "/nodes/alpha/qemu",
    { vmid: "120", pool: "gone" },
    403,
    "pool 'gone' does not exist",
  ],
] as const)(
  "%s %s with %o is refused",
  async (method, path, params, status, why) => {
    const reply = await pve.send(
      method,
      path,
      params as Record<string, string>,
    );
    expect(reply.status).toBe(status);
    expect(reply.reason + JSON.stringify(reply.errors)).toContain(why);
  },
);

test("a pool with a guest stays, an empty one goes", async () => {
  await pve.send("POST", "/pools", { poolid: "full" });
  await pve.run("POST", qemu, { vmid: 130, pool: "full" });
  const refused = await pve.send("DELETE", "/pools", { poolid: "full" });
  expect(refused.reason).toContain("is not empty (contains VM 130)");
  await pve.run("DELETE", `${qemu}/130`);
  expect((await pve.send("DELETE", "/pools/full")).status).toBe(200);
});

test("what is granted on a pool holds for its members", async () => {
  const root = await pve.send<{ ticket: string; CSRFPreventionToken: string }>(
    "POST",
    "/access/ticket",
    { ...(pve.lab.root.alpha ?? {}) },
  );
  const headers = {
    authorization: "",
    cookie: `PVEAuthCookie=${encodeURIComponent(root.data.ticket)}`,
    csrfpreventiontoken: root.data.CSRFPreventionToken,
  };
  const asRoot = (method: string, path: string, params = {}) =>
    pve.send<{ value: string }>(method, path, params, { headers });
  await asRoot("POST", "/access/users", { userid: "pat@pve" });
  const { data } = await asRoot("POST", "/access/users/pat@pve/token/read", {
    privsep: 0,
  });
  await asRoot("PUT", "/access/acl", {
    path: "/pool/site",
    roles: "PVEVMUser",
    users: "pat@pve",
  });
  const options = { token: `pat@pve!read=${data.value}` };
  const read = (vmid: number) =>
    pve.send("GET", `${qemu}/${vmid}/status/current`, {}, options);
  expect((await read(100)).status).toBe(200);
  expect((await read(110)).status).toBe(403);
});
