import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProxmox } from "../../lab/proxmox";
import { Api } from "../support/api";
import { gibibyte, type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let api: Api;
beforeEach(async () => {
  lab = await testLab();
  api = new Api(lab);
});
afterEach(() => lab.stop());

const base = "/nodes/pve/qemu";
const put = (vmid: number, params: Record<string, string>) =>
  api.run("PUT", `${base}/${vmid}/config`, params);
const make = (vmid: number, params: Record<string, string | number> = {}) =>
  api.run("POST", base, { vmid, ...params });
const volumes = async () =>
  (
    await api.send<{ volid: string; size: number }[]>(
      "GET",
      "/nodes/pve/storage/fast/content",
    )
  ).data.map(({ volid }) => volid);

test("a disk's size is printed in the largest unit, an EFI or TPM disk's is its own", async () => {
  expect(
    await make(100, {
      scsi0: "fast:0.5,ssd=on,discard=on",
      scsi1: "fast:1024",
      virtio0: "fast:2",
      efidisk0: "fast:9,efitype=4m,pre-enrolled-keys=1",
      tpmstate0: "fast:9,version=v2.0",
    }),
  ).toContain("out of space");
  expect(await volumes()).toEqual([]);
  await make(100, {
    scsi0: "fast:0.5,ssd=on,discard=on",
    efidisk0: "fast:9,efitype=4m,pre-enrolled-keys=1",
    tpmstate0: "fast:9,version=v2.0",
  });
  expect(await api.config(100)).toMatchObject({
    scsi0: expect.stringMatching(
      /^fast:vm-100-disk-\d,discard=on,size=512M,ssd=1$/,
    ),
    efidisk0: expect.stringMatching(/,efitype=4m,pre-enrolled-keys=1,size=1M$/),
    tpmstate0: expect.stringMatching(/,size=4M,version=v2.0$/),
    boot: "order=scsi0",
  });
});

test("delete keeps the volume, force destroys it, and so does deleting an unused one", async () => {
  await make(100, { scsi0: "fast:1", scsi1: "fast:1", scsi2: "fast:1" });
  await put(100, { delete: "scsi0" });
  expect(await api.config(100)).toMatchObject({
    unused0: "fast:vm-100-disk-0",
  });
  await put(100, { delete: "scsi1", force: "1" });
  expect(await volumes()).toEqual(["fast:vm-100-disk-0", "fast:vm-100-disk-2"]);
  await put(100, { delete: "unused0" });
  expect(await volumes()).toEqual(["fast:vm-100-disk-2"]);
  expect(Object.keys(await api.config(100))).not.toContain("unused0");
});

test("an unused volume that is attached again is no longer unused", async () => {
  await make(100, { scsi0: "fast:1" });
  await put(100, { delete: "scsi0" });
  await put(100, { scsi3: "fast:vm-100-disk-0,ssd=1" });
  const config = await api.config(100);
  expect(config.scsi3).toBe("fast:vm-100-disk-0,size=1G,ssd=1");
  expect(Object.keys(config)).not.toContain("unused0");
});

test("a volume tells its size and format, one that is gone is refused", async () => {
  await make(100, { scsi0: "fast:1" });
  const volume = (name: string) =>
    api.send("GET", `/nodes/pve/storage/fast/content/${name}`);
  expect((await volume("fast:vm-100-disk-0")).data).toMatchObject({
    size: gibibyte,
    format: "raw",
  });
  expect(await volume("fast:vm-100-disk-9")).toMatchObject({ status: 500 });
});

test("deleting what is not set only warns", async () => {
  await make(100);
  expect(await put(100, { delete: "scsi5,net3" })).toBe("OK");
});

test("a protected guest keeps its drives and itself", async () => {
  await make(100, { scsi0: "fast:1", protection: "1" });
  expect(await put(100, { delete: "scsi0" })).toBe(
    "500 can't remove drive 'scsi0' - protection mode enabled",
  );
  expect(await api.run("DELETE", `${base}/100`)).toBe(
    "500 can't remove VM 100 - protection mode enabled",
  );
});

test("an absolute resize may be sent twice, a relative one grows twice", async () => {
  await make(100, { scsi0: "fast:1" });
  const resize = (size: string) =>
    api.run("PUT", `${base}/100/resize`, { disk: "scsi0", size });
  expect([await resize("4G"), await resize("4G")]).toEqual(["OK", "OK"]);
  expect([await resize("+1G"), await resize("+1G")]).toEqual(["OK", "OK"]);
  expect((await api.config(100)).scsi0).toContain("size=6G");
});

test("an image is imported, and another guest's disk with VM.Clone on it", async () => {
  await make(100, {
    scsi0: "fast:0,import-from=local:import/placed.raw",
    scsi1: "fast:2",
  });
  expect((await api.config(100)).scsi0).toBe("fast:vm-100-disk-0,size=1G");
  await make(101, { scsi0: "fast:0,import-from=fast:vm-100-disk-1" });
  expect((await api.config(101)).scsi0).toBe("fast:vm-101-disk-0,size=2G");
});

test("a disk is given to another guest", async () => {
  await make(100, { scsi0: "fast:1", scsi1: "fast:1" });
  await make(101);
  expect(
    await api.run("POST", `${base}/100/move_disk`, {
      disk: "scsi1",
      "target-vmid": 101,
      "target-disk": "virtio0",
    }),
  ).toBe("OK");
  expect(Object.keys(await api.config(100))).not.toContain("scsi1");
  expect((await api.config(101)).virtio0).toBe("fast:vm-101-disk-0,size=1G");
});

test("destroy leaves unreferenced volumes, unless asked", async () => {
  await make(100, { scsi0: "fast:1" });
  await make(101);
  await put(101, { scsi0: "fast:vm-100-disk-0" });
  await api.run("DELETE", `${base}/101`);
  expect(await volumes()).toEqual(["fast:vm-100-disk-0"]);
});

test("a template whose base has linked clones is not destroyed", async () => {
  await make(100, { scsi0: "fast:1", ide2: "fast:cloudinit" });
  expect(await api.run("POST", `${base}/100/template`)).toBe("OK");
  await api.run("POST", `${base}/100/clone`, { newid: 101 });
  expect(await api.config(101)).toMatchObject({
    scsi0: "fast:base-100-disk-0/vm-101-disk-0,size=1G",
    ide2: "fast:vm-101-cloudinit,media=cdrom,size=4M",
  });
  expect(await api.run("DELETE", `${base}/100`)).toBe(
    "base volume 'fast:base-100-disk-0' is still in use by linked cloned",
  );
  await api.run("DELETE", `${base}/101`);
  expect(await api.run("DELETE", `${base}/100`)).toBe("OK");
  expect(await volumes()).toEqual([]);
});

test("a clone that finds no space leaves nothing", async () => {
  await make(100, { scsi0: "fast:200", scsi1: "fast:200" });
  expect(
    await api.run("POST", `${base}/100/clone`, { newid: 101, full: 1 }),
  ).toContain("clone failed: unable to create image: out of space");
  expect(await volumes()).toEqual(["fast:vm-100-disk-0", "fast:vm-100-disk-1"]);
  expect((await api.send("GET", `${base}/101/config`)).status).toBe(500);
});

test("volumes of a shared storage are on every node, survive a kill, and move between storages", async () => {
  const directory = mkdtempSync(join(tmpdir(), "hybrid-site-test-"));
  const node = (name: string) => ({
    name,
    listen: { host: "127.0.0.1", port: 0 },
    cores: 8,
    memoryBytes: 64 * gibibyte,
    bridges: ["vmbr0"],
    storages: [
      {
        id: "share",
        type: "nfs" as const,
        content: ["images"],
        totalBytes: 100 * gibibyte,
      },
      {
        id: "own",
        type: "lvmthin" as const,
        content: ["images"],
        totalBytes: 100 * gibibyte,
      },
    ],
  });
  const open = () =>
    startProxmox({
      directory,
      taskMs: 10,
      seed: 7,
      spec: {
        clusters: [{ name: "pair", nodes: [node("left"), node("right")] }],
        internet: [],
      },
    });
  let proxmox = await open();
  const left = new Api({ ...lab, lab: proxmox }, "left");
  await left.run("POST", "/nodes/left/qemu", {
    vmid: 100,
    scsi0: "share:1,format=qcow2",
    net0: "virtio,bridge=vmbr0",
  });
  await left.run("POST", "/nodes/left/qemu/100/clone", {
    newid: 101,
    full: 1,
    target: "right",
  });
  const content = async (which: Api) =>
    (
      await which.send<{ volid: string }[]>(
        "GET",
        "/nodes/right/storage/share/content",
      )
    ).data.map(({ volid }) => volid);
  const both = [
    "share:100/vm-100-disk-0.qcow2",
    "share:101/vm-101-disk-0.qcow2",
  ];
  expect(await content(left)).toEqual(both);
  await proxmox.close();
  proxmox = await open();
  const again = new Api({ ...lab, lab: proxmox }, "left");
  expect(await content(again)).toEqual(both);
  expect(
    await again.run("POST", "/nodes/left/qemu/100/move_disk", {
      disk: "scsi0",
      storage: "own",
      delete: 1,
    }),
  ).toBe("OK");
  expect((await again.config(100)).scsi0).toBe("own:vm-100-disk-0,size=1G");
  expect(
    await again.run("POST", "/nodes/left/qemu/100/clone", {
      newid: 102,
      full: 1,
      target: "right",
    }),
  ).toBe("500 can't clone VM to node 'right' (VM uses local storage)");
  await proxmox.close();
  rmSync(directory, { recursive: true, force: true });
});
