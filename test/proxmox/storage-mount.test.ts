import { type Provider, storageMounts } from "../support/provider";
import { gibibyte, type TestLab, testLab } from "../support/proxmox";
import {
  mountBackends as backends,
  mountRows as changes,
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
