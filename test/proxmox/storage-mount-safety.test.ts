import type { Summary } from "../../lab/proxmox";
import {
  machine,
  machines,
  type Provider,
  storageMounts,
} from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";
import {
  mountInputs as declared,
  hostStorages,
  nfs,
} from "../support/storage-mount";

type Values = Record<string, unknown>;

let lab: TestLab;
let mount: Provider;

beforeEach(async () => {
  lab = await testLab();
  mount = storageMounts(lab);
});
afterEach(() => lab.stop());

const { request, device, create, isQuiet } = hostStorages(
  () => lab,
  () => mount,
);

test("a definition that is gone reads as nothing, and so does another storage under its id", async () => {
  const { id, props } = await create();
  await request("DELETE", "/storage/shelf");
  expect(await mount.read(id, props)).toEqual({});
  await mount.delete(id, props);
  await request("POST", "/storage", {
    storage: "shelf",
    type: "dir",
    path: "/mnt/theirs",
  });
  expect(await mount.read(id, props)).toEqual({});
  await mount.delete(id, props);
  expect(await device()).toMatchObject({ path: "/mnt/theirs" });
  await expect(mount.update(id, props, declared())).rejects.toThrow(
    'no longer on host "pve": there it is type dir, path /mnt/theirs',
  );
});

test("a foreign definition is an error that says what it is", async () => {
  await request("POST", "/storage", {
    storage: "shelf",
    type: "dir",
    path: "/mnt/theirs",
    content: "iso",
  });
  await expect(mount.create(declared({ adopt: true }))).rejects.toThrow(
    'storage "shelf" exists on host "pve" already: type dir, path /mnt/theirs, content iso. Choose another name, or remove it',
  );
});

test("an equal storage with other settings is adopted only when that is said, keeps what is not declared, and outlives deletion", async () => {
  await request("POST", "/storage", {
    storage: "shelf",
    ...nfs,
    content: "backup",
    options: "vers=4.2",
    preallocation: "full",
  });
  await expect(mount.create(declared())).rejects.toThrow(
    "export /export/vm, content backup. Choose another name, or set adopt: true",
  );
  const inputs = declared({ adopt: true });
  const { id, props } = await create(inputs);
  expect(props.adopted).toBe(true);
  expect(await device()).toMatchObject({
    content: "images,iso",
    preallocation: "full",
  });
  expect(await isQuiet(id, props, inputs)).toBe(true);
  await mount.delete(id, props);
  expect(await device()).toBeDefined();
});

test.each(["POST /storage", "GET /storage"])(
  "a lost reply of %s makes no second one, and its definition is ours",
  async (match) => {
    lab.control({
      do: "fault",
      fault: { kind: "error-after", match, count: 1 },
    });
    const { id, props } = await create();
    expect(props.adopted).toBe(false);
    await mount.delete(id, props);
    expect(await device()).toBeUndefined();
  },
);

test("what a crash left before the state was written is found by the next run", async () => {
  await create();
  const { id, props } = await create();
  expect(props.adopted).toBe(false);
  await mount.delete(id, props);
  expect(await device()).toBeUndefined();
});

test("a lost reply of an update is settled by looking", async () => {
  const { id, props } = await create();
  lab.control({
    do: "fault",
    fault: { kind: "error-after", match: "PUT /storage/shelf", count: 1 },
  });
  const news = declared({ content: ["iso"] });
  const { outs } = await mount.update(id, props, news);
  expect(await isQuiet(id, outs ?? {}, news)).toBe(true);
});

test("a server that does not answer is told in PVE's words, and nothing is defined", async () => {
  lab.control({ do: "fault", fault: { kind: "nfs-unreachable" } });
  await expect(mount.create(declared())).rejects.toThrow(
    "create storage failed: storage 'shelf' is not online",
  );
  expect(await device()).toBeUndefined();
});

test("a server of version 4 only is offline to version 3", async () => {
  const old = declared({ backend: { ...nfs, version: "3" } });
  await expect(mount.create(old)).rejects.toThrow("is not online");
  const wrong = declared({ backend: { ...nfs, export: "/export/gone" } });
  await expect(mount.create(wrong)).rejects.toThrow(
    "No such file or directory",
  );
});

test("a storage that one of its nodes cannot activate is a partial failure that says why, and is finished later", async () => {
  const inputs = declared({
    host: "left",
    name: "tank",
    backend: { type: "zfspool", pool: "tank/vm" },
    content: ["images"],
  });
  const failure = (await mount
    .create(inputs)
    .catch((error: unknown) => error)) as {
    id: string;
    reasons: string[];
    properties: Values;
  };
  expect(failure.reasons[0]).toContain(
    "after 2 s not active on node \"right\": could not activate storage 'tank', zfs error: cannot import 'tank': no such pool available",
  );
  const news = { ...inputs, nodes: ["left"] };
  const { outs } = await mount.update(failure.id, failure.properties, news);
  expect(await isQuiet("tank", outs ?? {}, news)).toBe(true);
});

test("a disabled storage is not waited for", async () => {
  lab.control({ do: "fault", fault: { kind: "nfs-unreachable" } });
  const { id, props } = await create(declared({ enabled: false }));
  expect(await isQuiet(id, props, declared({ enabled: false }))).toBe(true);
});

test("a definition with guests' disks is neither deleted nor replaced", async () => {
  const { id, props } = await create();
  const vm = machines(lab);
  const disks = { scsi0: { storage: "shelf", size: 8, onDestroy: "destroy" } };
  const guest = await vm.create(machine({ disks, power: "stopped" }));
  await expect(mount.delete(id, props)).rejects.toThrow(
    /storage "shelf" on host "pve" has disks of guest \d+ "web"/,
  );
  const elsewhere = declared({ backend: { ...nfs, export: "/export/iso" } });
  expect(await mount.diff(id, props, elsewhere)).toMatchObject({
    replaces: ["backend"],
    deleteBeforeReplace: true,
  });
  await vm.delete(guest.id, guest.outs ?? {});
  await mount.delete(id, props);
  expect(await device()).toBeUndefined();
});

test("data outlives its definition and is there again with the next one", async () => {
  const { id, props } = await create(declared({ content: ["import"] }));
  const images = () =>
    lab
      .control<Summary>({ do: "summary" })
      .find(({ node }) => node === "pve")
      ?.volumes.filter(({ volid }) => volid.startsWith("shelf:"));
  const session = lab.session();
  await session.task(
    await session.request("POST", "/nodes/pve/storage/shelf/download-url", {
      content: "import",
      filename: "cloud.qcow2",
      url: "https://images.example/cloud.img",
    }),
    "download",
  );
  await mount.delete(id, props);
  expect(await device()).toBeUndefined();
  await create(declared({ content: ["import"] }));
  expect(images()).toHaveLength(1);
  expect(
    await request("GET", "/nodes/pve/storage/shelf/content"),
  ).toMatchObject([{ volid: "shelf:import/cloud.qcow2" }]);
});
