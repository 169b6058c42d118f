import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Summary } from "../../lab/proxmox";
import { gibibyte, type TestLab, testLab } from "../support/proxmox";

type Params = Record<string, string | number | boolean>;

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab();
});
afterEach(() => lab.stop());

const request = <T = unknown>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  params?: Params,
) => lab.session().request<T>(method, path, params);
const nfs = {
  storage: "shelf",
  type: "nfs",
  server: "10.0.0.5",
  export: "/export/vm",
  options: "vers=4.2",
};

test("the storages of a node are defined, with a digest", async () => {
  expect(await request("GET", "/storage")).toEqual([
    {
      storage: "local",
      type: "dir",
      path: "/var/lib/vz",
      content: "import,iso,vztmpl",
      digest: expect.stringMatching(/^[0-9a-f]{40}$/),
    },
    expect.objectContaining({ storage: "fast", type: "zfspool", pool: "fast" }),
  ]);
  expect(await request("GET", "/storage", { type: "dir" })).toHaveLength(1);
});

test("guests use a storage that was defined, and a shared one is seen from every node", async () => {
  await request("POST", "/storage", nfs);
  const session = lab.session();
  await session.task(
    await session.request("POST", "/nodes/pve/qemu", {
      vmid: 100,
      scsi0: "shelf:4",
    }),
    "creation",
  );
  expect(
    await request("GET", "/nodes/pve/storage/shelf/content"),
  ).toMatchObject([{ volid: "shelf:100/vm-100-disk-0.raw", vmid: 100 }]);
  expect(await request("GET", "/nodes/pve/storage/shelf/status")).toMatchObject(
    { active: 1, shared: 1, used: 4 * gibibyte },
  );
});

test("content that the type does not have is dropped without a word", async () => {
  await request("POST", "/storage", {
    storage: "tank",
    type: "zfspool",
    pool: "tank/vm",
    content: "images,iso",
  });
  expect(await request("GET", "/storage/tank")).toMatchObject({
    content: "images",
  });
});

test("a storage that another one stands on stays", async () => {
  await request("POST", "/storage", {
    storage: "disks",
    type: "iscsi",
    portal: "10.0.0.5",
    target: "iqn.2026-01.example:disks",
    content: "none",
  });
  await request("POST", "/storage", {
    storage: "above",
    type: "lvm",
    vgname: "vg0",
    base: "disks:0.0.1.scsi-1",
  });
  await expect(request("DELETE", "/storage/disks")).rejects.toThrow(
    "can't remove storage - storage is used as base of another storage",
  );
});

test.each<[Params, string]>([
  [{ disable: 1 }, "storage 'shelf' is disabled"],
  [{ nodes: "other" }, "storage 'shelf' is not available on node 'pve'"],
])("with %j guests cannot use it", async (params, why) => {
  await request("POST", "/storage", { ...nfs, ...params });
  const session = lab.session();
  const upid = await session.request<string>("POST", "/nodes/pve/qemu", {
    vmid: 100,
    scsi0: "shelf:1",
  });
  await expect(session.task(upid, "creation")).rejects.toThrow(why);
  expect(await request("GET", "/nodes/pve/storage/shelf/status")).toMatchObject(
    { enabled: 0, active: 0 },
  );
});

test("a server that goes away takes its storage offline", async () => {
  await request("POST", "/storage", nfs);
  lab.control({
    do: "fault",
    fault: { kind: "nfs-unreachable", match: "10.0.0.5" },
  });
  expect(await request("GET", "/nodes/pve/storage/shelf/status")).toMatchObject(
    { active: 0, total: 0 },
  );
  await expect(
    request("GET", "/nodes/pve/storage/shelf/content"),
  ).rejects.toThrow("storage 'shelf' is not online");
});

test("LVM without its volume group is defined, and not active", async () => {
  await request("POST", "/storage", {
    storage: "lost",
    type: "lvm",
    vgname: "gone",
  });
  expect(await request("GET", "/nodes/pve/storage/lost/status")).toMatchObject({
    active: 0,
  });
});

describe("in a cluster", () => {
  const files = { storage: "files", type: "dir", path: "/mnt/files" };
  const volumes = (pve: TestLab, name: string) =>
    pve
      .control<Summary>({ do: "summary" })
      .find(({ node }) => node === name)
      ?.volumes.map(({ volid }) => volid)
      .filter((volid) => /^(files|again):/.test(volid));

  function at(pve: TestLab) {
    const session = pve.session(undefined, "left");
    return {
      ask: session.request,
      make: async (node: string, vmid: number, disk = "files:1") =>
        session.task(
          await session.request("POST", `/nodes/${node}/qemu`, {
            vmid,
            scsi0: disk,
          }),
          "creation",
        ),
    };
  }

  test("what lies there goes by another definition of the same place, after a restart too", async () => {
    const directory = mkdtempSync(join(tmpdir(), "hybrid-site-test-"));
    const first = await testLab(directory);
    const { ask, make } = at(first);
    await ask("POST", "/storage", files);
    await make("left", 100);
    await make("right", 101);
    await ask("DELETE", "/storage/files");
    expect(volumes(first, "left")).toEqual([]);
    await first.stop();
    const second = await testLab(directory);
    await at(second).ask("POST", "/storage", { ...files, storage: "again" });
    await second.stop();
    const third = await testLab(directory);
    expect(volumes(third, "left")).toEqual(["again:100/vm-100-disk-0.raw"]);
    expect(volumes(third, "right")).toEqual(["again:101/vm-101-disk-0.raw"]);
    await third.stop();
    rmSync(directory, { recursive: true });
  });

  test("a shared one is one for all nodes, and later each guest's node has its disks", async () => {
    const { ask, make } = at(lab);
    await ask("POST", "/storage", files);
    await make("left", 100);
    await make("right", 101);
    await ask("PUT", "/storage/files", { shared: 1 });
    const both = ["files:100/vm-100-disk-0.raw", "files:101/vm-101-disk-0.raw"];
    expect(volumes(lab, "left")?.sort()).toEqual(both);
    expect(volumes(lab, "right")?.sort()).toEqual(both);
    await ask("PUT", "/storage/files", { shared: 0 });
    expect(volumes(lab, "left")).toEqual(both.slice(0, 1));
    expect(volumes(lab, "right")).toEqual(both.slice(1));
  });

  test("a guest moves only to a node that may use its storage", async () => {
    const { ask, make } = at(lab);
    await ask("POST", "/storage", { ...nfs, nodes: "left" });
    await make("left", 100, "shelf:1");
    const path = "/nodes/left/qemu/100/migrate";
    expect(await ask("GET", path)).toMatchObject({
      allowed_nodes: [],
      not_allowed_nodes: { right: { unavailable_storages: ["shelf"] } },
    });
    await ask("PUT", "/storage/shelf", { delete: "nodes" });
    expect(await ask("GET", path)).toMatchObject({ allowed_nodes: ["right"] });
  });
});
