import { Api } from "../support/api";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let api: Api;
beforeEach(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  api = await new Api(lab).asRoot();
  await api.run("POST", qemu, {
    vmid: 100,
    memory: 1024,
    cores: 1,
    scsi0: "fast:1",
  });
});
afterEach(() => lab.stop());

const qemu = "/nodes/pve/qemu";
const one = `${qemu}/100`;
const start = () => api.run("POST", `${one}/status/start`);
const snapshot = (vmstate = 1) =>
  api.run("POST", `${one}/snapshot`, { snapname: "before", vmstate });
const status = async () =>
  (await api.send<{ status: string }>("GET", `${one}/status/current`)).data
    .status;
const states = async (storage: string) =>
  (
    await api.send<{ volid: string; size: number }[]>(
      "GET",
      `/nodes/pve/storage/${storage}/content`,
    )
  ).data.filter(({ volid }) => volid.includes("-state-"));
const kept = async () =>
  (
    await api.send<Record<string, unknown>>(
      "GET",
      `${one}/snapshot/before/config`,
    )
  ).data;

test("a running guest's memory is kept with the snapshot, and runs again after a rollback", async () => {
  await start();
  expect(await snapshot()).toBe("OK");
  const volid = "fast:vm-100-state-before";
  // Twice the memory, and 500 MiB for the devices.
  const size = (2 * 1024 + 500) * 2 ** 20;
  expect(await states("fast")).toMatchObject([{ volid, size }]);
  expect(await kept()).toMatchObject({ vmstate: volid });
  expect(await kept()).toHaveProperty("runningmachine");
  expect((await api.send("GET", `${one}/snapshot`)).data).toMatchObject([
    { name: "before", vmstate: 1 },
    { name: "current" },
  ]);
  await api.run("POST", `${one}/status/stop`);
  expect(await api.run("POST", `${one}/snapshot/before/rollback`)).toBe("OK");
  expect(await status()).toBe("running");
  const config = await api.config(100);
  for (const key of ["vmstate", "runningmachine", "runningcpu"])
    expect(config).not.toHaveProperty(key);
  expect(await api.run("DELETE", `${one}/snapshot/before`)).toBe("OK");
  expect(await states("fast")).toEqual([]);
});

test("of a guest that is off, or without vmstate, no memory is kept", async () => {
  expect(await snapshot()).toBe("OK");
  await api.run("DELETE", `${one}/snapshot/before`);
  await start();
  expect(await snapshot(0)).toBe("OK");
  expect(await states("fast")).toEqual([]);
  expect(await kept()).not.toHaveProperty("vmstate");
  await api.run("POST", `${one}/snapshot/before/rollback`);
  expect(await status()).toBe("stopped");
});

test("the memory lies where vmstatestorage says, and goes with the guest", async () => {
  await api.run("PUT", `${one}/config`, { vmstatestorage: "slow" });
  await start();
  expect(await snapshot()).toBe("OK");
  const volid = "slow:100/vm-100-state-before.raw";
  expect(await states("slow")).toMatchObject([{ volid }]);
  await api.run("POST", `${one}/status/stop`);
  expect(await api.run("DELETE", one)).toBe("OK");
  expect(await states("slow")).toEqual([]);
});

test("the memory lies on files beside a disk, where there are any", async () => {
  await api.run("PUT", `${one}/config`, { scsi1: "slow:1", scsi2: "fast:1" });
  await start();
  expect(await snapshot()).toContain("snapshot feature is not available");
  await api.run("POST", `${one}/status/stop`);
  await api.run("PUT", `${one}/config`, { delete: "scsi1" });
  await api.run("PUT", `${one}/config`, { scsi1: "slow:1,format=qcow2" });
  await start();
  expect(await snapshot()).toBe("OK");
  expect(await states("slow")).toHaveLength(1);
});

test("a snapshot whose memory finds no room is not made", async () => {
  await start();
  lab.control({ do: "fault", fault: { kind: "full-storage" } });
  expect(await snapshot()).toContain("out of space");
  expect((await api.send("GET", `${one}/snapshot`)).data).toMatchObject([
    { name: "current" },
  ]);
});

test("a guest with encrypted memory has none that could be kept", async () => {
  await api.run("PUT", `${one}/config`, { "amd-sev": "type=std" });
  expect(await snapshot()).toContain(
    "Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: amd-sev",
  );
  expect(await snapshot(0)).toBe("OK");
});
