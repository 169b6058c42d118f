import { getEventListeners, getMaxListeners } from "node:events";
import fc from "fast-check";
import { decodeForm } from "../../lab/proxmox/decode";
import { Limiter, ProxmoxClient, path } from "../../providers/proxmox/client";
import {
  encodeForm,
  reencodePath,
} from "../../providers/proxmox/client/encoding";
import { outcomeOf } from "../../providers/proxmox/client/errors";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
beforeAll(async () => {
  lab = await testLab();
});
afterAll(() => lab.stop());
beforeEach(() => lab.requests());

const signal = () => AbortSignal.timeout(10_000);
const endpoint = () =>
  lab.lab.endpoints.pve ?? { url: "", ca: "", fingerprint: "" };
const token = () => ({ token: lab.lab.tokens().pve ?? "" });

async function version(
  options: Partial<ConstructorParameters<typeof ProxmoxClient>[0]>,
) {
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: endpoint(),
    credential: token(),
    ...options,
  });
  try {
    return await client.session(signal()).request("GET", "/version");
  } finally {
    await client.close();
  }
}

test("a CA or the right fingerprint lets in, also the second of a rotation", async () => {
  const { url, ca, fingerprint } = endpoint();
  const other = "AA:".repeat(31).concat("AA");
  await expect(version({ endpoint: { url, ca } })).resolves.toMatchObject({
    release: "9.1",
  });
  await expect(
    version({
      endpoint: { url, fingerprints: [other, fingerprint.toLowerCase()] },
    }),
  ).resolves.toBeDefined();
});

test("a wrong fingerprint, an unknown CA and no proof at all send nothing", async () => {
  const { url, fingerprint } = endpoint();
  const other = lab.lab.endpoints.left?.ca ?? "";
  await expect(
    version({
      endpoint: { url, fingerprints: ["BB:".repeat(31).concat("BB")] },
    }),
  ).rejects.toThrow(
    `its certificate has the SHA-256 fingerprint ${fingerprint}, pinned is BB:BB`,
  );
  await expect(version({ endpoint: { url, ca: other } })).rejects.toThrow(
    /cannot be reached: .*certificate.*Check the CA/,
  );
  await expect(version({ endpoint: { url } })).rejects.toThrow(
    "neither a CA nor a fingerprint",
  );
  await expect(
    version({
      endpoint: {
        url: url.replace("https", "http"),
        fingerprints: [fingerprint],
      },
    }),
  ).rejects.toThrow("is not https");
  expect(lab.requests()).toEqual([]);
});

test("a host that does not answer is told with its URL after a few tries", async () => {
  await expect(
    version({ endpoint: { url: "https://127.0.0.1:1", fingerprints: ["AA"] } }),
  ).rejects.toThrow(
    /https:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*Check that the host is up/,
  );
}, 20_000);

test("a password gets a ticket once, which serves reads and writes", async () => {
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: endpoint(),
    credential: lab.lab.root.pve ?? { username: "", password: "" },
  });
  const session = client.session(signal());
  await session.request("GET", "/version");
  await expect(
    session.request("POST", "/nodes/pve/qemu/100/status/start"),
  ).rejects.toMatchObject({ status: 500 });
  expect(lab.requests().filter((line) => line.includes("ticket"))).toHaveLength(
    1,
  );
  await client.close();
});

test("requests that meet an expired ticket together get one new one, and all succeed", async () => {
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: endpoint(),
    credential: lab.lab.root.pve ?? { username: "", password: "" },
    beforeWrite: () => new Promise((resolve) => setTimeout(resolve, 20)),
  });
  const session = client.session(signal());
  await session.request("GET", "/version");
  lab.requests();
  lab.control({ do: "fault", fault: { kind: "expire-tickets", count: 1 } });
  // These learn of it when the others have the new ticket already.
  lab.control({
    do: "fault",
    fault: { kind: "latency", match: "GET /nodes", ms: 150, count: 4 },
  });
  await Promise.all([
    ...Array.from({ length: 4 }, () => session.request("GET", "/version")),
    ...Array.from({ length: 4 }, () => session.request("GET", "/nodes")),
    ...[600, 601].map((vmid) =>
      session.request("POST", "/nodes/pve/qemu", { vmid }),
    ),
  ]);
  expect(lab.requests().filter((line) => line.includes("ticket"))).toEqual([
    "POST /access/ticket",
  ]);
  await client.close();
});

test("a refusal that is not the ticket's keeps the ticket", async () => {
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: endpoint(),
    credential: lab.lab.root.pve ?? { username: "", password: "" },
  });
  const session = client.session(signal());
  for (let tries = 0; tries < 3; tries++) {
    await expect(
      session.request("POST", "/nodes/pve/qemu/100/status/start"),
    ).rejects.toMatchObject({ status: 500 });
  }
  expect(lab.requests().filter((line) => line.includes("ticket"))).toHaveLength(
    1,
  );
  await client.close();
});

test("a wrong password is told at once, and tried again by the next request", async () => {
  const { username = "" } = lab.lab.root.pve ?? {};
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: endpoint(),
    credential: { username, password: "wrong" },
  });
  const session = client.session(signal());
  for (let tries = 0; tries < 2; tries++) {
    await expect(session.request("GET", "/version")).rejects.toMatchObject({
      status: 401,
    });
  }
  expect(lab.requests()).toEqual([
    "POST /access/ticket",
    "POST /access/ticket",
  ]);
  await client.close();
});

test("a POST whose reply is lost is not sent again", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "reset-after", match: "POST /nodes/*/qemu", count: 1 },
  });
  const session = lab.session();
  await expect(
    session.request("POST", "/nodes/pve/qemu", { vmid: 300, name: "once" }),
  ).rejects.toMatchObject({ outcome: "unknown" });
  expect(lab.requests()).toEqual(["POST /nodes/pve/qemu"]);
});

test("a GET whose reply is lost is sent again", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "reset-before", match: "GET /version", count: 1 },
  });
  await lab.session().request("GET", "/version");
  expect(lab.requests()).toEqual(["GET /version", "GET /version"]);
});

test("operations that start together share one list, and ten tasks fewer polls than tasks", async () => {
  const session = lab.session();
  await Promise.all(Array.from({ length: 10 }, () => session.guests()));
  expect(lab.requests()).toEqual(["GET /cluster/resources"]);
  const made = Array.from({ length: 10 }, async (_, index) => {
    const upid = await session.request<string>("POST", "/nodes/pve/qemu", {
      vmid: 400 + index,
    });
    await session.task(upid, "creation");
  });
  await Promise.all(made);
  const polls = lab.requests().filter((line) => line.includes("/tasks"));
  expect(polls.length).toBeLessThan(10);
});

test.each([1, 3])(
  "of %i tasks, one whose log is not written out yet is asked again, not taken as failed",
  async (count) => {
    const session = lab.session();
    const fault = { kind: "late-log", match: "qmcreate", ms: 500 } as const;
    lab.control({ do: "fault", fault });
    const made = Array.from({ length: count }, async (_, index) => {
      const vmid = 800 + 10 * count + index;
      const upid = await session.request<string>("POST", "/nodes/pve/qemu", {
        vmid,
      });
      return session.task(upid, "creation");
    });
    const ends = await Promise.allSettled(made);
    lab.control({ do: "clear-faults" });
    expect(ends.map(({ status }) => status)).toEqual(
      made.map(() => "fulfilled"),
    );
  },
);

test("a task whose log never says how it ended has failed", async () => {
  const session = lab.session();
  const fault = { kind: "late-log", match: "qmcreate", ms: 60_000 } as const;
  lab.control({ do: "fault", fault: { ...fault, count: 1 } });
  const vmid = 900;
  const upid = await session.request<string>("POST", "/nodes/pve/qemu", {
    vmid,
  });
  const work = session.task(upid, "creation");
  await expect(work).rejects.toThrow("unexpected status");
});

test("any number of requests and tasks may wait on one operation's signal, and none stays on it", async () => {
  const stop = signal();
  const session = lab.session(stop);
  let most = 0;
  const made = Array.from({ length: 20 }, async (_, index) => {
    const upid = await session.request<string>("POST", "/nodes/pve/qemu", {
      vmid: 420 + index,
    });
    const task = session.task(upid, "creation");
    most = Math.max(most, getEventListeners(stop, "abort").length);
    await task;
  });
  await Promise.all(made);
  expect(most).toBeGreaterThan(10);
  // Node warns of a leak where there are more than 10, unless told of no limit.
  expect(getMaxListeners(stop)).toBe(Number.POSITIVE_INFINITY);
  expect(getEventListeners(stop, "abort")).toEqual([]);
});

test("the write guard stops a write before it is sent, and no read", async () => {
  const beforeWrite = () => Promise.reject(new Error("gone"));
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: endpoint(),
    credential: token(),
    beforeWrite,
  });
  await client.session(signal()).request("GET", "/version");
  await expect(
    client.session(signal()).request("POST", "/nodes/pve/qemu", { vmid: 500 }),
  ).rejects.toThrow("gone");
  expect(lab.requests()).toEqual(["GET /version"]);
  await client.close();
});

test("the typed API sends what the plain request does", async () => {
  const { api } = lab.session();
  const { version: told } = await api.version.$get();
  expect(told).toBe("9.1.5");
  expect(lab.requests()).toEqual(["GET /version"]);
});

test("any value goes through PVE's decoding of a form unharmed", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (value) => {
      expect(decodeForm(encodeForm({ key: value }))).toEqual({ key: value });
    }),
  );
});

test("path values cannot leave their segment", () => {
  expect(path`/nodes/${"a/b?c"}/tasks/${"UPID:x:"}`).toBe(
    "/nodes/a%2Fb%3Fc/tasks/UPID%3Ax%3A",
  );
  expect(reencodePath("/nodes/a%2Fb/x y")).toBe("/nodes/a%2Fb/x%20y");
});

test.each([
  [400, "x", "not-executed"],
  [403, "x", "not-executed"],
  [501, "x", "not-executed"],
  [595, "x", "not-executed"],
  [596, "x", "unknown"],
  [599, "x", "unknown"],
  [503, "x", "unknown"],
  [500, "VM is locked (backup)", "not-executed"],
  [500, "can't lock file '/x' - got timeout", "not-executed"],
  [500, "out of space", "failed"],
])("status %d with %p means %s", (status, reason, outcome) => {
  expect(outcomeOf(status, reason)).toBe(outcome);
});

test("a limiter lets in so many, in order, and lets an aborted one go", async () => {
  const limiter = new Limiter();
  const order: number[] = [];
  const aborted = new AbortController();
  let running = 0;
  let most = 0;
  const work = (index: number, by = signal()) =>
    limiter.run("key", 2, by, async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(index);
      running--;
    });
  const all = [work(0), work(1), work(2, aborted.signal), work(3), work(4)];
  aborted.abort(new Error("enough"));
  await expect(all[2]).rejects.toThrow("enough");
  await Promise.all([all[0], all[1], all[3], all[4]]);
  expect(order).toEqual([0, 1, 3, 4]);
  expect(most).toBe(2);
});
