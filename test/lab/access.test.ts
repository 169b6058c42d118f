import { type Pve, startPve } from "../support/pve";

let pve: Pve;
let asRoot: Record<string, string>;
beforeAll(async () => {
  pve = await startPve();
  asRoot = await login(pve.lab.root.alpha ?? {});
});
afterAll(() => pve.stop());

async function login(params: Record<string, string>) {
  const { data } = await pve.send<{
    ticket: string;
    CSRFPreventionToken: string;
  }>("POST", "/access/ticket", params, { headers: { authorization: "" } });
  return {
    authorization: "",
    cookie: `PVEAuthCookie=${encodeURIComponent(data.ticket)}`,
    csrfpreventiontoken: data.CSRFPreventionToken,
  };
}

async function newToken(
  user: string,
  params: Record<string, number> = {},
): Promise<string> {
  const headers = asRoot;
  await pve.send("POST", "/access/users", { userid: user }, { headers });
  const { data } = await pve.send<{ value: string; "full-tokenid": string }>(
    "POST",
    `/access/users/${user}/token/test`,
    params,
    { headers },
  );
  return `${data["full-tokenid"]}=${data.value}`;
}

const grant = (params: Record<string, string | number>) =>
  pve.send("PUT", "/access/acl", params, { headers: asRoot });

const version = (headers: Record<string, string>, method = "GET") =>
  pve.send(method, "/version", {}, { headers });

test("a ticket reads, and writes with its CSRF token only", async () => {
  expect((await version(asRoot)).status).toBe(200);
  const { csrfpreventiontoken: _token, ...reader } = asRoot;
  const refused = await pve.send(
    "POST",
    "/pools",
    { poolid: "p" },
    { headers: reader },
  );
  expect([refused.status, refused.reason, refused.text]).toEqual([
    401,
    "Authentication failed!",
    "",
  ]);
});

test("a ticket renews itself, and outlives the simulator", async () => {
  const ticket = decodeURIComponent(asRoot.cookie?.split("=")[1] ?? "");
  const renewed = await login({ username: "root@pam", password: ticket });
  expect((await version(renewed)).status).toBe(200);
  await pve.stop(true);
  pve = await startPve({ directory: pve.directory });
  expect((await version(asRoot)).status).toBe(200);
});

test("a ticket is good for two hours", async () => {
  const now = Date.now();
  const clock = jest.spyOn(Date, "now");
  clock.mockReturnValue(now + 2 * 3_600_000 - 5_000);
  expect((await version(asRoot)).status).toBe(200);
  clock.mockReturnValue(now + 2 * 3_600_000 + 5_000);
  expect((await version(asRoot)).status).toBe(401);
  clock.mockRestore();
});

test("an expired ticket stays so, and a new one is good", async () => {
  pve.control({ do: "fault", fault: { kind: "expire-tickets", count: 1 } });
  const headers = await login(pve.lab.root.alpha ?? {});
  expect((await version(headers)).status).toBe(401);
  expect((await version(headers)).status).toBe(401);
  expect((await version(asRoot)).status).toBe(200);
});

test("a wrong password fails with a body, unlike a wrong ticket", async () => {
  const reply = await pve.send("POST", "/access/ticket", {
    username: "root@pam",
    password: "wrong",
  });
  expect([reply.status, reply.reason]).toEqual([401, "authentication failure"]);
  expect(reply.body).toMatchObject({ data: null });
});

test.each([
  [{ username: "root@pam" }, "password", "property is missing"],
  [{ user: "root@pam" }, "user", "property is not defined in schema"],
  [{ path: "/vms" }, "privs", "'path' requires this property"],
])("a login with %j is refused at %s", async (params, key, why) => {
  const reply = await pve.send("POST", "/access/ticket", params as never);
  expect([reply.status, reply.errors[key]]).toEqual([
    400,
    expect.stringContaining(why),
  ]);
});

test("a token has what its user has, or with privsep only what both have", async () => {
  const whole = await newToken("whole@pve", { privsep: 0 });
  const apart = await newToken("apart@pve");
  await grant({
    path: "/vms",
    roles: "PVEVMAdmin",
    users: "whole@pve,apart@pve",
  });
  await grant({
    path: "/vms/7",
    roles: "PVEAuditor",
    tokens: "apart@pve!test",
  });
  const allowed = async (token: string, path: string) =>
    Object.keys(
      (
        await pve.send<Record<string, object>>(
          "GET",
          "/access/permissions",
          { path },
          { token },
        )
      ).data[path] ?? {},
    );
  expect(await allowed(whole, "/vms/7")).toContain("VM.Clone");
  expect(await allowed(apart, "/vms/8")).toEqual([]);
  expect((await allowed(apart, "/vms/7")).sort()).toEqual([
    "VM.Audit",
    "VM.GuestAgent.Audit",
  ]);
});

test("the deepest path counts, and without propagation only itself", async () => {
  const token = await newToken("deep@pve", { privsep: 0 });
  await grant({ path: "/", roles: "PVEVMAdmin", users: "deep@pve" });
  await grant({ path: "/vms/9", roles: "NoAccess", users: "deep@pve" });
  await grant({
    path: "/vms",
    roles: "PVEAuditor",
    users: "deep@pve",
    propagate: 0,
  });
  const all = await pve.send<Record<string, Record<string, number>>>(
    "GET",
    "/access/permissions",
    {},
    { token },
  );
  expect(all.data["/vms"]?.["VM.Audit"]).toBe(0);
  expect(all.data["/vms"]?.["VM.Clone"]).toBeUndefined();
  expect(all.data["/nodes"]?.["VM.Clone"]).toBe(1);
  expect(all.data["/vms/9"]).toBeUndefined();
});

test("a role of one's own, and what is revoked from it", async () => {
  const token = await newToken("own@pve", { privsep: 0 });
  const headers = asRoot;
  await pve.send(
    "POST",
    "/access/roles",
    { roleid: "Own", privs: "Sys.Audit" },
    { headers },
  );
  await grant({ path: "/nodes/alpha", roles: "Own", users: "own@pve" });
  const read = () => pve.send("GET", "/nodes/alpha/status", {}, { token });
  expect((await read()).status).toBe(200);
  await pve.send("PUT", "/access/roles/Own", { privs: "" }, { headers });
  await pve.send("DELETE", "/access/roles/Own", {}, { headers });
  const refused = await read();
  expect([refused.status, refused.reason]).toEqual([
    403,
    "Permission check failed (/nodes/alpha, Sys.Audit)",
  ]);
});

test("an expired or disabled user's token, and a removed one, open nothing", async () => {
  const token = await newToken("gone@pve", { privsep: 0 });
  const headers = asRoot;
  const status = async () =>
    (await pve.send("GET", "/version", {}, { token })).status;
  const user = "/access/users/gone@pve";
  expect(await status()).toBe(200);
  await pve.send("PUT", user, { enable: 0 }, { headers });
  expect(await status()).toBe(401);
  await pve.send("PUT", user, { enable: 1 }, { headers });
  await pve.send("PUT", `${user}/token/test`, { expire: 1 }, { headers });
  expect(await status()).toBe(401);
  await pve.send("PUT", `${user}/token/test`, { expire: 0 }, { headers });
  expect(await status()).toBe(200);
  await pve.send("DELETE", `${user}/token/test`, {}, { headers });
  expect(await status()).toBe(401);
});

test("the permission is checked before the parameters are", async () => {
  pve.control({ do: "revoke", node: "solo", privilege: "Sys.Console" });
  const reply = await pve.send(
    "POST",
    "/cluster/ha/resources",
    { colour: "red" },
    { node: "solo" },
  );
  expect([reply.status, reply.reason]).toEqual([
    403,
    "Permission check failed (/, Sys.Console)",
  ]);
});

test.each([
  ["POST", "/access/users", { userid: "nobody" }, 400, "user ID"],
  ["POST", "/access/users", { userid: "root@pam" }, 500, "already exists"],
  [
    "POST",
    "/access/users",
    { userid: "a@pve", password: "short" },
    400,
    "at least 8",
  ],
  [
    "POST",
    "/access/users",
    { userid: "a@pve", groups: "g" },
    500,
    "no such group 'g'",
  ],
  ["GET", "/access/users/no@pve", {}, 500, "no such user ('no@pve')"],
  ["GET", "/access/users/root@pam/token/no", {}, 500, "no such token 'no'"],
  [
    "POST",
    "/access/users/site@pve/token/hybrid",
    {},
    400,
    "Token already exists.",
  ],
  ["POST", "/access/users/site@pve/token/1", {}, 400, "invalid token ID"],
  [
    "PUT",
    "/access/acl",
    { path: "vms", roles: "PVEAdmin", users: "root@pam" },
    400,
    "invalid ACL path",
  ],
  [
    "PUT",
    "/access/acl",
    { path: "/", roles: "No", users: "root@pam" },
    500,
    "role 'No' does not exist",
  ],
  [
    "PUT",
    "/access/acl",
    { path: "/", roles: "PVEAdmin", users: "no@pve" },
    500,
    "user 'no@pve' does not exist",
  ],
  [
    "PUT",
    "/access/acl",
    { path: "/", roles: "PVEAdmin", tokens: "no@pve!t" },
    500,
    "does not exist",
  ],
  ["PUT", "/access/acl", { path: "/", roles: "PVEAdmin" }, 400, "is required"],
  [
    "POST",
    "/access/roles",
    { roleid: "New", privs: "VM.Monitor" },
    400,
    "invalid privilege 'VM.Monitor'",
  ],
  ["DELETE", "/access/roles/PVEAdmin", {}, 500, "auto-generated role"],
  ["GET", "/access/roles/No", {}, 500, "role 'No' does not exist"],
] as const)(
  "%s %s with %o is refused",
  async (method, path, params, status, why) => {
    const reply = await pve.send(
      method,
      path,
      params as Record<string, string>,
      { headers: asRoot },
    );
    expect(reply.status).toBe(status);
    expect(reply.reason + JSON.stringify(reply.errors)).toContain(why);
  },
);
