/** What pve-storage's plugins say of themselves (their `options` and `plugindata`). */
export interface StoragePlugin {
  fixed: string[];
  optional: string[];
  content: string[];
  defaultContent: string;
  formats: string[];
  /** Always the same on all nodes. */
  shared: boolean;
  /** Where a storage lies that was there from the start. */
  first(id: string): Record<string, string>;
}

const common = ["nodes", "disable", "content", "bwlimit"];
const files = [
  ...common,
  "content-dirs",
  "prune-backups",
  "max-protected-backups",
  "format",
  "mkdir",
  "create-base-path",
  "create-subdirs",
  "preallocation",
];
const fileContent = [
  "images",
  "rootdir",
  "vztmpl",
  "iso",
  "backup",
  "snippets",
  "import",
];

const plugins: Record<string, StoragePlugin> = {
  dir: {
    fixed: ["path", "snapshot-as-volume-chain"],
    optional: [...files, "shared", "is_mountpoint"],
    content: [...fileContent, "none"],
    defaultContent: "images,rootdir",
    formats: ["raw", "qcow2", "vmdk", "subvol"],
    shared: false,
    first: (id) => ({ path: id === "local" ? "/var/lib/vz" : `/mnt/${id}` }),
  },
  nfs: {
    fixed: ["server", "export", "path", "snapshot-as-volume-chain"],
    optional: [...files, "options"],
    content: fileContent,
    defaultContent: "images",
    formats: ["raw", "qcow2", "vmdk"],
    shared: true,
    first: (id) => ({
      server: "files.example",
      export: `/export/${id}`,
      path: `/mnt/pve/${id}`,
      options: "vers=4.2",
    }),
  },
  iscsi: {
    fixed: ["portal", "target"],
    optional: common,
    content: ["images", "none"],
    defaultContent: "images",
    formats: ["raw"],
    shared: true,
    first: (id) => ({ portal: "files.example", target: `iqn.example:${id}` }),
  },
  lvm: {
    fixed: ["vgname", "base"],
    optional: [
      ...common,
      "shared",
      "saferemove",
      "saferemove-stepsize",
      "saferemove_throughput",
      "tagged_only",
      "snapshot-as-volume-chain",
    ],
    content: ["images", "rootdir"],
    defaultContent: "images,rootdir",
    formats: ["raw", "qcow2"],
    shared: false,
    first: (id) => ({ vgname: id }),
  },
  lvmthin: {
    fixed: ["thinpool", "vgname"],
    optional: common,
    content: ["images", "rootdir"],
    defaultContent: "images,rootdir",
    formats: ["raw"],
    shared: false,
    first: (id) => ({ thinpool: "data", vgname: id }),
  },
  zfspool: {
    fixed: ["pool"],
    optional: [...common, "blocksize", "sparse", "mountpoint"],
    content: ["images", "rootdir"],
    defaultContent: "images,rootdir",
    formats: ["raw", "subvol"],
    shared: false,
    first: (id) => ({ pool: id === "local-zfs" ? "rpool/data" : id }),
  },
};

/** Fixed settings that may be left out at creation. */
export const leftOut = ["base", "snapshot-as-volume-chain"];

export const simulated = Object.keys(plugins);

export function pluginOf(type: string): StoragePlugin {
  const plugin = plugins[type];
  if (plugin === undefined) throw new Error(`unknown section type '${type}'`);
  return plugin;
}
