import { nobody, startUbus, type Ubus } from "../support/ubus";

let ubus: Ubus;
let sid: string;
beforeEach(async () => {
  ubus = await startUbus();
  sid = await ubus.login();
});
afterEach(() => ubus.stop());

const errorOf = async (request: object) =>
  (await ubus.post(JSON.stringify({ jsonrpc: "2.0", id: 1, ...request }))) as {
    error: { code: number };
  };
const call = (...params: unknown[]) => errorOf({ method: "call", params });

test.each([
  ["another version", { jsonrpc: "1.0", method: "call" }, -32_700],
  ["no method", {}, -32_700],
  ["an unknown method", { method: "subscribe" }, -32_601],
  ["no arguments", { method: "call", params: [nobody, "uci", "get"] }, -32_700],
  [
    "arguments in an array",
    { method: "call", params: [nobody, "uci", "get", []] },
    -32_700,
  ],
])("a request with %s is refused", async (_what, request, code) => {
  expect((await errorOf(request)).error.code).toBe(code);
});

test("an unknown object is told before the session is asked for", async () => {
  expect((await call("gone", "hostapd", "list", {})).error.code).toBe(-32_000);
});

test("a session that is gone and a right that is missing look alike", async () => {
  expect((await call("gone", "uci", "get", {})).error.code).toBe(-32_002);
  expect((await call(sid, "uci", "commit", {})).error.code).toBe(-32_002);
  expect((await call(sid, "session", "list", {})).error).toBeUndefined();
});

test("the session cannot be named among the arguments", async () => {
  const answer = await call(sid, "uci", "configs", { ubus_rpc_session: sid });
  expect(answer.error.code).toBe(-32_602);
});

test("who may call everything is told which method is not there", async () => {
  const root = await ubus.login("root");
  expect(await ubus.call(root, "uci", "import")).toEqual([3]);
});

test("requests in an array are answered in an array", async () => {
  const one = (id: number, method: string) => ({
    jsonrpc: "2.0",
    id,
    method: "call",
    params: [sid, "uci", method, { config: "network" }],
  });
  const answers = await ubus.post(
    JSON.stringify([one(1, "changes"), 5, one(2, "commit")]),
  );
  expect(answers).toMatchObject([
    { id: 1, result: [0, { changes: [] }] },
    { id: null, error: { code: -32_700 } },
    { id: 2, error: { code: -32_002 } },
  ]);
});

test("a body of more than 64 KiB is not read", async () => {
  const answer = await ubus.post(" ".repeat(65_537));
  expect(answer).toMatchObject({ error: { code: -32_700 } });
});

test("what an object takes can be listed without a session", async () => {
  const answer = await ubus.post(
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "list", params: ["uci"] }),
  );
  expect(answer).toMatchObject({
    result: { uci: { apply: { rollback: "boolean", timeout: "number" } } },
  });
});

test("a wrong password, and none, open nothing", async () => {
  const login = (args: object) =>
    ubus.ask(nobody, "session", "login", { username: "root", ...args });
  expect((await login({ password: "wrong" })).result).toEqual([6]);
  expect((await login({})).result).toEqual([2]);
});

test("an account without a password takes any", async () => {
  await ubus.stop();
  ubus = await startUbus({
    "etc/config/rpcd":
      "config login\n\toption username 'root'\n\toption password '!'\n",
  });
  expect(await ubus.login("root")).toMatch(/^[0-9a-f]{32}$/);
});

test("a crypt hash opens with its password; a password in clear is no hash", async () => {
  const login = (name: string, hash: string) =>
    `config login\n\toption username '${name}'\n\toption password '${hash}'\n`;
  await ubus.stop();
  ubus = await startUbus({
    "etc/config/rpcd":
      login(
        "hashed",
        "$6$saltsalt$iSud4MwDEiZIZrPTYRYQ4Vh3w9ANfm6ww1rtB0b/POVGw.2gihnf/8FWfsYT2bmGrzGDTcHayg/zW2uoIivsw0",
      ) + login("clear", "of-the-account"),
  });
  expect(await ubus.login("hashed")).toMatch(/^[0-9a-f]{32}$/);
  expect(await ubus.login("clear")).toBe("undefined");
  const wrong = await ubus.ask(nobody, "session", "login", {
    username: "hashed",
    password: "another",
  });
  expect(wrong.result).toEqual([6]);
});

test("a session tells its rights, and ends when it is not used", async () => {
  const short = await ubus.login("hybrid-site", 1);
  expect(await ubus.call(short, "session", "access")).toMatchObject([
    0,
    {
      "access-group": { "hybrid-site": ["read", "write"] },
      uci: { network: ["read", "write"] },
    },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect((await ubus.ask(short, "session", "list")).error?.code).toBe(-32_002);
});
