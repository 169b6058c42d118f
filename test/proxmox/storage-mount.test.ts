import type { Summary } from "../../lab/proxmox";
import {
  machine,
  machines,
  type Provider,
  storageMounts,
} from "../support/provider";
import { gibibyte, type TestLab, testLab } from "../support/proxmox";

type Values = Record<string, unknown>;

let lab: TestLab;
let mount: Provider;

beforeEach(async () => {
  lab = await testLab();
  mount = storageMounts(lab);
});
afterEach(() => lab.stop());

const nfs = {
  type: "nfs",
  server: "10.0.0.5",
  export: "/export/vm",
};
const declared = (changes: Values = {}): Values => ({
  owner: "site/StorageMount/shelf",
  host: "pve",
  name: "shelf",
  backend: nfs,
  content: ["images", "iso"],
  timeouts: { create: 4, update: 4, delete: 4 },
  ...changes,
});

const request = <T = unknown>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  params?: Record<string, string | number | boolean>,
) => lab.session().request<T>(method, path, params);
const device = async (name = "shelf") =>
  (await request<(Values & { storage: string })[]>("GET", "/storage")).find(
    ({ storage }) => storage === name,
  );

async function create(inputs = declared()) {
  const { id, outs } = await mount.create(inputs);
  return { id, props: outs ?? {} };
}

async function isQuiet(id: string, props: Values, inputs: Values) {
  const found = await mount.read(id, props);
  expect(found.props?.adopted).toBe(props.adopted);
  const { changes } = await mount.diff(id, found.props ?? {}, inputs);
  return changes === false;
}

test("an NFS storage is mounted hard by version 4.2, active, and then quiet", async () => {
  const { id, props } = await create();
  expect(await device()).toMatchObject({
    type: "nfs",
    server: "10.0.0.5",
    export: "/export/vm",
    options: "vers=4.2,hard",
    content: "images,iso",
    shared: 1,
  });
  expect(await request("GET", "/nodes/pve/storage/shelf/status")).toMatchObject(
    { active: 1, total: 800 * gibibyte },
  );
  expect(props.adopted).toBe(false);
  expect(await isQuiet(id, props, declared())).toBe(true);
  lab.requests();
  await mount.update(id, props, declared());
  expect(lab.requests().every((line) => line.startsWith("GET"))).toBe(true);
});

/** Of each type: all its settings, and what PVE then has. */
const backends: [Values, string[], Values][] = [
  [
    {
      type: "dir",
      path: "/mnt/usb",
      isMountpoint: true,
      createBasePath: false,
      createSubdirs: false,
      shared: true,
      format: "qcow2",
      preallocation: "off",
    },
    ["backup"],
    {
      path: "/mnt/usb",
      is_mountpoint: "yes",
      "create-base-path": 0,
      "create-subdirs": 0,
      shared: 1,
      format: "qcow2",
      preallocation: "off",
    },
  ],
  [
    {
      ...nfs,
      version: "4.1",
      options: ["nconnect=4", "noatime"],
      createSubdirs: true,
      format: "raw",
      preallocation: "falloc",
    },
    ["images", "rootdir"],
    {
      options: "vers=4.1,hard,nconnect=4,noatime",
      "create-subdirs": 1,
      format: "raw",
      preallocation: "falloc",
    },
  ],
  [
    { type: "iscsi", portal: "10.0.0.5", target: "iqn.2026-01.example:disks" },
    ["none"],
    { portal: "10.0.0.5", target: "iqn.2026-01.example:disks" },
  ],
  [
    { type: "lvm", volumeGroup: "vg0", shared: true },
    ["images"],
    { vgname: "vg0", shared: 1 },
  ],
  [
    { type: "lvmthin", volumeGroup: "vg0", thinPool: "thin" },
    ["images"],
    { vgname: "vg0", thinpool: "thin" },
  ],
  [
    { type: "zfspool", pool: "tank/vm", blockSize: "16k", sparse: true },
    ["images", "rootdir"],
    { pool: "tank/vm", blocksize: "16k", sparse: 1 },
  ],
];

test.each(backends)(
  "every setting of %j is made, read back, and then quiet",
  async (backend, content, expected) => {
    const { schema } = await import(
      "../../providers/proxmox/storage-mount/model"
    );
    const option = schema.shape.backend.options.find(
      (item) => item.shape.type.value === backend.type,
    );
    expect(Object.keys(backend).sort()).toEqual(
      Object.keys(option?.shape ?? {}).sort(),
    );
    const inputs = declared({ backend, content });
    const { id, props } = await create(inputs);
    expect(await device()).toMatchObject({ type: backend.type, ...expected });
    expect(await isQuiet(id, props, inputs)).toBe(true);
    // Without what may be left out: it becomes unset, and is then nobody's.
    const required = Object.fromEntries(
      Object.entries(backend).filter(([key]) =>
        /^(type|path|server|export|portal|target|volumeGroup|thinPool|pool)$/.test(
          key,
        ),
      ),
    );
    const bare = { ...inputs, backend: required };
    const { outs } = await mount.update(id, props, bare);
    const now = await device();
    const fixed = /^(path|server|export|portal|target|vgname|thinpool|pool)$/;
    for (const key of Object.keys(expected)) {
      if (key === "options") expect(now?.options).toBe("vers=4.2,hard");
      else if (!fixed.test(key)) expect(now).not.toHaveProperty(key);
    }
    expect(await isQuiet(id, outs ?? {}, bare)).toBe(true);
  },
);

/** Every input: a change, what PVE then has, and what is made anew. */
const changes: Record<string, [unknown, Values, string[]]> = {
  owner: ["site/StorageMount/other", {}, []],
  host: ["left", {}, ["host"]],
  name: ["other", {}, ["name"]],
  backend: [
    { ...nfs, version: "4.0", options: ["noatime"] },
    { options: "vers=4.0,hard,noatime" },
    [],
  ],
  content: [["backup"], { content: "backup" }, []],
  nodes: [["pve"], { nodes: "pve" }, []],
  enabled: [false, { disable: 1 }, []],
  adopt: [true, {}, []],
  timeouts: [{ update: 5 }, {}, []],
};

test.each(Object.keys(changes))(
  "a change of %s is seen, made and then quiet",
  async (key) => {
    const [value, expected, replaces] = changes[key] ?? [];
    const { id, props } = await create();
    const news = declared({ [key]: value });
    expect(await mount.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
      deleteBeforeReplace: replaces?.length !== 0,
    });
    if (replaces?.length) return;
    const { outs } = await mount.update(id, props, news);
    expect(await device()).toMatchObject(expected ?? {});
    expect(await isQuiet(id, outs ?? {}, news)).toBe(true);
    const { outs: back } = await mount.update(id, outs ?? {}, declared());
    expect(await isQuiet(id, back ?? {}, declared())).toBe(true);
  },
);

test("the table above has a row for each input", async () => {
  const { schema } = await import(
    "../../providers/proxmox/storage-mount/model"
  );
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

test.each([
  ["content", { content: "snippets" }],
  ["nodes", { delete: "nodes" }],
  ["enabled", { disable: 1 }],
  ["backend", { options: "vers=4.2,soft" }],
  ["backend", { options: "nconnect=2" }],
  ["backend", { format: "qcow2" }],
])(
  "drift of %s is read, and mended by the next update",
  async (_key, params) => {
    const full = declared({
      nodes: ["pve"],
      enabled: true,
      backend: { ...nfs, options: ["noatime"], format: "raw" },
    });
    const { id, props } = await create(full);
    await request("PUT", "/storage/shelf", params as Record<string, string>);
    const found = await mount.read(id, props);
    expect((await mount.diff(id, found.props ?? {}, full)).changes).toBe(true);
    const { outs } = await mount.update(id, found.props ?? {}, full);
    expect(await isQuiet(id, outs ?? {}, full)).toBe(true);
  },
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

const bad = (backend: Values, content = ["iso"]) => ({
  backend: { ...nfs, ...backend },
  content,
});

test.each([
  ["soft", bad({ options: ["soft"] }), "soft gives guests I/O errors"],
  ["async under disks", bad({ options: ["async"] }, ["images"]), "async loses"],
  [
    "a version among the options",
    bad({ options: ["vers=3"] }),
    "say it by version",
  ],
  [
    "content that the type has not",
    { backend: { type: "zfspool", pool: "tank" }, content: ["iso"] },
    "storage type zfspool takes images, rootdir only",
  ],
  ["no content", { content: [] }, "must not be empty"],
  [
    "none beside another",
    { backend: { type: "dir", path: "/x" }, content: ["none", "iso"] },
    "none goes with nothing else",
  ],
  ["no nodes", { nodes: [] }, "must not be empty"],
  ["another type's setting", bad({ pool: "tank" }), "Unrecognized key"],
])("%s is refused at preview", async (_what, change, why) => {
  const { failures } = await mount.check({}, declared(change));
  expect(failures?.map(({ reason }) => reason).join()).toContain(why);
});

test("async is for what is no disk", async () => {
  const { failures } = await mount.check(
    {},
    declared(bad({ options: ["async"] })),
  );
  expect(failures).toEqual([]);
});
