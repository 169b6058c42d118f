import type { Provider } from "./provider";
import type { TestLab } from "./proxmox";

type Values = Record<string, unknown>;

export const nfs = {
  type: "nfs",
  server: "10.0.0.5",
  export: "/export/vm",
};
export const mountInputs = (changes: Values = {}): Values => ({
  owner: "site/StorageMount/shelf",
  host: "pve",
  name: "shelf",
  backend: nfs,
  content: ["images", "iso"],
  timeouts: { create: 4, update: 4, delete: 4 },
  ...changes,
});

/** Of each type: all its settings, and what PVE then has. */
export const mountBackends: [Values, string[], Values][] = [
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

/** Every input: a change, what PVE then has, and what is made anew. */
export const mountRows: Record<string, [unknown, Values, string[]]> = {
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

/** The storages of node "pve": past the provider, and by it. */
export function hostStorages(lab: () => TestLab, mount: () => Provider) {
  const request = <T = unknown>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    params?: Record<string, string | number | boolean>,
  ) => lab().session().request<T>(method, path, params);
  return {
    request,
    device: async (name = "shelf") =>
      (await request<(Values & { storage: string })[]>("GET", "/storage")).find(
        ({ storage }) => storage === name,
      ),
    create: async (inputs = mountInputs()) => {
      const { id, outs } = await mount().create(inputs);
      return { id, props: outs ?? {} };
    },
    isQuiet: async (id: string, props: Values, inputs: Values) => {
      const found = await mount().read(id, props);
      expect(found.props?.adopted).toBe(props.adopted);
      const { changes } = await mount().diff(id, found.props ?? {}, inputs);
      return changes === false;
    },
  };
}
