import { request } from "node:https";
import type { TestLab } from "../support/proxmox";
import { testLab } from "../support/proxmox";

let lab: TestLab;
beforeAll(async () => {
  lab = await testLab();
});
afterAll(() => lab.stop());

interface Reply {
  status: number;
  reason: string;
  headers: Record<string, unknown>;
  body: string;
  errors: Record<string, string>;
}

function send(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
  node = "pve",
): Promise<Reply> {
  const { url = "", ca = "" } = lab.lab.endpoints[node] ?? {};
  const token = lab.lab.tokens()[node] ?? "";
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(`/api2/json${path}`, url),
      {
        method,
        ca,
        headers: {
          authorization: `PVEAPIToken=${token}`,
          ...(body === undefined
            ? {}
            : {
                "content-type": "application/x-www-form-urlencoded",
                "content-length": String(Buffer.byteLength(body)),
              }),
          ...headers,
        },
      },
      (reply) => {
        let text = "";
        reply.on("data", (data) => {
          text += data;
        });
        reply.on("end", () => {
          const errors = text
            ? ((JSON.parse(text) as { errors?: Record<string, string> })
                .errors ?? {})
            : {};
          resolve({
            status: reply.statusCode ?? 0,
            reason: reply.statusMessage ?? "",
            headers: reply.headers,
            body: text,
            errors,
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

test("success has the exact content type, and data", async () => {
  const reply = await send("GET", "/version");
  expect(reply.headers["content-type"]).toBe("application/json;charset=UTF-8");
  expect(JSON.parse(reply.body)).toMatchObject({ data: { release: "9.1" } });
});

test.each([
  [
    "an unknown path",
    "GET",
    "/nodes/pve/nothing",
    undefined,
    501,
    "Method 'GET /nodes/pve/nothing' not implemented",
  ],
  [
    "an unknown method",
    "PATCH",
    "/version",
    undefined,
    501,
    "method 'PATCH' not available",
  ],
  [
    "an unknown node",
    "GET",
    "/nodes/gone/qemu",
    undefined,
    500,
    "hostname lookup 'gone' failed",
  ],
  [
    "a body on DELETE",
    "DELETE",
    "/nodes/pve/qemu/100",
    "purge=1",
    501,
    "Unexpected content for method 'DELETE'",
  ],
  [
    "a guest that is not there",
    "GET",
    "/nodes/pve/qemu/999/config",
    undefined,
    500,
    "Configuration file 'nodes/pve/qemu-server/999.conf' does not exist",
  ],
  [
    "an update of nothing",
    "PUT",
    "/nodes/pve/qemu/100/config",
    "digest=",
    500,
    "no options specified",
  ],
] as const)(
  "%s is refused in PVE's words",
  async (_what, method, path, body, status, reason) => {
    if (path.includes("/100"))
      await send("POST", "/nodes/pve/qemu", "vmid=100");
    const reply = await send(method, path, body);
    expect([reply.status, reply.reason]).toEqual([
      status,
      expect.stringContaining(reason),
    ]);
    expect(reply.headers.connection).toBe("close");
  },
);

test.each([
  [
    "an unknown parameter",
    "vmid=200&colour=red",
    "colour",
    "property is not defined in schema",
  ],
  [
    "a missing parameter",
    "name=x",
    "vmid",
    "property is missing and it is not optional",
  ],
  [
    "a word for a number",
    "vmid=200&cores=two",
    "cores",
    "type check ('integer') failed - got 'two'",
  ],
  [
    "a number too small",
    "vmid=99",
    "vmid",
    "value must have a minimum value of 100",
  ],
  [
    "true for a boolean",
    "vmid=200&onboot=true",
    "onboot",
    "type check ('boolean') failed - got 'true'",
  ],
  [
    "a value out of a list",
    "vmid=200&ostype=beos",
    "ostype",
    "does not have a value in the enumeration",
  ],
  [
    "a key that a NIC does not have",
    "vmid=200&net0=virtio%2Cvlan%3D3",
    "net0",
    "invalid key in comma-separated list property: vlan",
  ],
  [
    "a tag that does not fit",
    "vmid=200&net0=virtio%2Ctag%3D5000",
    "net0",
    "format error",
  ],
  [
    "a gateway without an address",
    "vmid=200&ipconfig0=gw%3D10.0.0.1",
    "ipconfig0",
    "missing property - 'ipconfig0.gw' requires this property",
  ],
  ["a key given twice", "vmid=200&name=a&name=b", "name", "got ARRAY"],
  [
    "a slot that is not there",
    "vmid=200&scsi31=fast:1",
    "scsi31",
    "property is not defined in schema",
  ],
])("%s is refused with the parameter's name", async (_what, body, key, why) => {
  const reply = await send("POST", "/nodes/pve/qemu", body);
  expect(reply).toMatchObject({
    status: 400,
    reason: "Parameter verification failed.",
  });
  expect(reply.errors[key]).toContain(why);
});

test("a value is cut at a bare '=', and a form is split at ';' too", async () => {
  await send("POST", "/nodes/pve/qemu", "vmid=210&description=a=b;name=cut");
  await new Promise((resolve) => setTimeout(resolve, 60));
  const later = JSON.parse(
    (await send("GET", "/nodes/pve/qemu/210/config")).body,
  ) as { data: Record<string, string> };
  expect(later.data).toMatchObject({ description: "a", name: "cut" });
});

test("chunked bodies, foreign content types and too large ones are refused", async () => {
  expect(
    await send("POST", "/nodes/pve/qemu", undefined, {
      "transfer-encoding": "chunked",
    }),
  ).toMatchObject({
    status: 501,
    reason: "chunked transfer encoding not supported",
  });
  expect(
    await send("POST", "/nodes/pve/qemu", "<a/>", {
      "content-type": "text/xml",
    }),
  ).toMatchObject({ status: 506 });
  expect(
    await send(
      "POST",
      "/nodes/pve/qemu",
      `vmid=200&description=${"a".repeat(600_000)}`,
    ),
  ).toMatchObject({ status: 501, reason: "for data too large" });
});

test("a wrong token gets 401 without a body, a missing one too", async () => {
  const wrong = await send("GET", "/version", undefined, {
    authorization: "PVEAPIToken=site@pve!hybrid=0",
  });
  expect(wrong).toMatchObject({
    status: 401,
    reason: "Authentication failed!",
    body: "",
  });
  expect(
    await send("GET", "/version", undefined, { authorization: "" }),
  ).toMatchObject({ status: 401, reason: "No ticket" });
});

test("another cluster's token opens nothing", async () => {
  const token = lab.lab.tokens().left ?? "";
  expect(
    await send("GET", "/version", undefined, {
      authorization: `PVEAPIToken=${token}`,
    }),
  ).toMatchObject({ status: 401 });
});

test("a cluster shares its ids, and any node answers for the other", async () => {
  await send("POST", "/nodes/left/qemu", "vmid=300", {}, "left");
  const reply = await send("POST", "/nodes/right/qemu", "vmid=300", {}, "left");
  expect(reply.reason).toContain("VM 300 already exists on node 'left'");
  expect(
    (await send("GET", "/nodes/left/qemu", undefined, {}, "right")).body,
  ).toContain("300");
});

test("a disk allocates at each send, and a volume in use goes to unused0", async () => {
  const wait = () => new Promise((resolve) => setTimeout(resolve, 60));
  await send("POST", "/nodes/pve/qemu", "vmid=220&scsi0=fast:1");
  await wait();
  await send("PUT", "/nodes/pve/qemu/220/config", "scsi0=fast:1");
  const { data } = JSON.parse(
    (await send("GET", "/nodes/pve/qemu/220/config")).body,
  ) as { data: Record<string, string> };
  expect(data).toMatchObject({
    scsi0: "fast:vm-220-disk-1,size=1G",
    unused0: "fast:vm-220-disk-0",
  });
});

test("a clone has neither name nor description before its end, and its task has the source's id", async () => {
  await send("POST", "/nodes/pve/qemu", "vmid=230&tags=x");
  await new Promise((resolve) => setTimeout(resolve, 60));
  const reply = await send(
    "POST",
    "/nodes/pve/qemu/230/clone",
    "newid=231&name=copy&full=1",
  );
  expect(reply.body).toContain(":qmclone:230:");
  const early = JSON.parse(
    (await send("GET", "/nodes/pve/qemu/231/config")).body,
  ) as { data: Record<string, string> };
  expect(Object.keys(early.data).sort()).toEqual(["digest", "lock"]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const late = JSON.parse(
    (await send("GET", "/nodes/pve/qemu/231/config")).body,
  ) as { data: Record<string, string> };
  expect(late.data).toMatchObject({ name: "copy", tags: "x" });
});
