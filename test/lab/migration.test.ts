import type { Summary } from "../../lab/proxmox";
import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeAll(async () => {
  pve = await startPve();
});
afterAll(() => pve.stop());

const qemu = "/nodes/alpha/qemu";
const onBeta = "/nodes/beta/qemu";

async function made(vmid: number, params: Record<string, string> = {}) {
  expect(await pve.run("POST", qemu, { vmid, ...params })).toBe("OK");
}

async function started(vmid: number) {
  expect(await pve.run("POST", `${qemu}/${vmid}/status/start`)).toBe("OK");
}

async function log(upid: string): Promise<string> {
  const node = upid.split(":")[1];
  const { data } = await pve.send<{ t: string }[]>(
    "GET",
    `/nodes/${node}/tasks/${upid}/log`,
  );
  return data.map(({ t }) => t).join("\n");
}

test("a stopped guest moves with its local disks, its shared ones stay where they are", async () => {
  await made(100, { scsi0: "fast:1", scsi1: "shared:2" });
  const { data: upid } = await pve.send<string>("POST", `${qemu}/100/migrate`, {
    target: "beta",
  });
  expect(upid).toContain(":qmigrate:100:");
  expect(await pve.end(upid)).toBe("OK");
  const gone = await pve.send("GET", `${qemu}/100/config`);
  expect(gone.reason).toContain("does not exist");
  const { data } = await pve.send<Record<string, string>>(
    "GET",
    `${onBeta}/100/config`,
  );
  expect(data).toMatchObject({
    scsi0: "fast:vm-100-disk-0,size=1G",
    scsi1: "shared:100/vm-100-disk-0.raw,size=2G",
  });
  expect(data.lock).toBeUndefined();
  const [alpha, beta] = pve.control<Summary>({ do: "summary" });
  expect(JSON.stringify(alpha?.volumes)).not.toContain("fast:vm-100");
  expect(beta?.volumes).toContainEqual({
    volid: "fast:vm-100-disk-0",
    bytes: 2 ** 30,
  });
});

test("a running guest moves online, with local disks where asked to", async () => {
  await made(101, { scsi0: "fast:1" });
  await started(101);
  expect(
    await pve.run("POST", `${qemu}/101/migrate`, {
      target: "beta",
      online: 1,
      "with-local-disks": 1,
      targetstorage: "shared",
    }),
  ).toBe("OK");
  const { data } = await pve.send<Record<string, string>>(
    "GET",
    `${onBeta}/101/config`,
  );
  expect(data.scsi0).toBe("shared:101/vm-101-disk-0.raw,size=1G");
  const { data: status } = await pve.send(
    "GET",
    `${onBeta}/101/status/current`,
  );
  expect(status).toMatchObject({ status: "running", qmpstatus: "running" });
});

test("the configuration is locked while it moves", async () => {
  await made(102, { scsi0: "fast:1" });
  pve.control({
    do: "fault",
    fault: { kind: "slow-task", match: "qmigrate", ms: 300, count: 1 },
  });
  const { data: upid } = await pve.send<string>("POST", `${qemu}/102/migrate`, {
    target: "beta",
  });
  await pve.until(async () => {
    const { data } = await pve.send<{ lock?: string }>(
      "GET",
      `${qemu}/102/config`,
    );
    return data.lock === "migrate";
  });
  expect(await pve.end(upid)).toBe("OK");
});

test("a migration that fails leaves the guest where it was, unlocked", async () => {
  await made(103, { scsi0: "fast:1" });
  pve.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmigrate", count: 1 },
  });
  expect(
    await pve.run("POST", `${qemu}/103/migrate`, { target: "beta" }),
  ).toContain("exit code 1");
  const { data } = await pve.send<Record<string, string>>(
    "GET",
    `${qemu}/103/config`,
  );
  expect(data.lock).toBeUndefined();
  expect(data.scsi0).toBe("fast:vm-103-disk-0,size=1G");
});

test("the preconditions name local disks, missing storages and mappings", async () => {
  await made(104, { scsi0: "fast:1", scsi1: "scratch:1" });
  const { data } = await pve.send("GET", `${qemu}/104/migrate`);
  expect(data).toMatchObject({
    running: 0,
    allowed_nodes: [],
    not_allowed_nodes: { beta: { unavailable_storages: ["scratch"] } },
    local_disks: [
      { volid: "fast:vm-104-disk-0", size: 2 ** 30, is_unused: 0 },
      { volid: "scratch:vm-104-disk-0" },
    ],
    local_resources: [],
  });
});

describe("refused before there is a task", () => {
  beforeAll(async () => {
    await made(110, { scsi0: "scratch:1" });
    await made(111, { scsi0: "fast:1" });
    await started(111);
  });

  test.each([
    [110, { target: "alpha" }, 400, "target is local node."],
    [110, { target: "nowhere" }, 500, "no such cluster node 'nowhere'"],
    [110, { target: "solo" }, 500, "no such cluster node 'solo'"],
    [
      110,
      { target: "beta" },
      500,
      "storage 'scratch' is not available on node 'beta'",
    ],
    [
      110,
      { target: "beta", targetstorage: "scratch" },
      500,
      "storage 'scratch' is not available on node 'beta'",
    ],
    [111, { target: "beta" }, 500, "can't migrate running VM without --online"],
    [
      111,
      { target: "beta", online: 1, force: 1 },
      400,
      "Only root may use this option.",
    ],
    [
      111,
      { target: "beta", online: 1, migration_type: "insecure" },
      400,
      "Only root may use this option.",
    ],
    [
      110,
      { target: "beta", migration_type: "pigeon" },
      400,
      "does not have a value in the enumeration",
    ],
    [
      110,
      { target: "beta", targetstorage: "a:b:c" },
      400,
      "contains illegal characters",
    ],
    [110, {}, 400, "property is missing and it is not optional"],
  ] as const)("guest %i with %o", async (vmid, params, status, why) => {
    const reply = await pve.send(
      "POST",
      `${qemu}/${vmid}/migrate`,
      params as Record<string, string>,
    );
    expect(reply.status).toBe(status);
    expect(reply.reason + JSON.stringify(reply.errors)).toContain(why);
  });

  test("without VM.Migrate", async () => {
    pve.control({ do: "revoke", node: "solo", privilege: "VM.Migrate" });
    const reply = await pve.send(
      "GET",
      "/nodes/solo/qemu/100/migrate",
      {},
      { node: "solo" },
    );
    expect([reply.status, reply.reason]).toEqual([
      403,
      "Permission check failed (/vms/100, VM.Migrate)",
    ]);
  });
});

test.each([
  [120, { scsi0: "fast:1" }, "can't migrate VM - check log"],
  [121, { net0: "virtio,bridge=vmbr1" }, "bridge 'vmbr1' does not exist"],
] as const)(
  "a running guest %i with %o does not get through, and the log says why",
  async (vmid, config, why) => {
    await made(vmid, config as Record<string, string>);
    await started(vmid);
    const { data: upid } = await pve.send<string>(
      "POST",
      `${qemu}/${vmid}/migrate`,
      { target: "beta", online: 1 },
    );
    expect(await pve.end(upid)).toBe("migration aborted");
    expect(await log(upid)).toContain(why);
  },
);

test("a linked clone on a local storage stays", async () => {
  await made(130, { scsi0: "fast:1" });
  expect(await pve.run("POST", `${qemu}/130/template`)).toBe("OK");
  expect(
    await pve.run("POST", `${qemu}/130/clone`, { newid: 131, name: "linked" }),
  ).toBe("OK");
  for (const vmid of [130, 131]) {
    const { data: upid } = await pve.send<string>(
      "POST",
      `${qemu}/${vmid}/migrate`,
      { target: "beta" },
    );
    expect(await pve.end(upid)).toBe("migration aborted");
    expect(await log(upid)).toContain(
      vmid === 130
        ? "can't migrate VM - check log"
        : "as it's a clone of 'base-130-disk-0'",
    );
  }
});

test("a guest on a full target stays whole", async () => {
  await made(140, { scsi0: "fast:300" });
  expect(await pve.run("POST", onBeta, { vmid: 141, scsi0: "fast:300" })).toBe(
    "OK",
  );
  const { data: upid } = await pve.send<string>("POST", `${qemu}/140/migrate`, {
    target: "beta",
  });
  expect(await pve.end(upid)).toBe("migration aborted");
  const { data } = await pve.send<Record<string, string>>(
    "GET",
    `${qemu}/140/config`,
  );
  expect(data.scsi0).toBe("fast:vm-140-disk-0,size=300G");
  expect(data.lock).toBeUndefined();
});
