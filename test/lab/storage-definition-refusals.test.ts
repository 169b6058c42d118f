import { type TestLab, testLab } from "../support/proxmox";

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
const dir = { storage: "box", type: "dir", path: "/mnt/box" };

test.each<[string, Params, string]>([
  [
    "an unknown parameter",
    { ...dir, colour: "red" },
    "colour: property is not defined in schema",
  ],
  [
    "an unknown type",
    { ...dir, type: "floppy" },
    "type: value 'floppy' does not have a value in the enumeration",
  ],
  [
    "an id that is none",
    { ...dir, storage: "7" },
    "storage: invalid format - value does not look like a valid storage ID",
  ],
  [
    "an id that is taken",
    { ...dir, storage: "local" },
    "create storage failed: storage ID 'local' already defined",
  ],
  [
    "a path that is none",
    { ...dir, path: "mnt" },
    "path: invalid format - value does not look like a valid absolute path",
  ],
  [
    "a path of strange letters",
    { ...dir, path: "/mnt/a b" },
    "illegal path for directory storage: /mnt/a b",
  ],
  [
    "another type's setting",
    { ...dir, pool: "tank" },
    "unexpected property 'pool'",
  ],
  [
    "a missing setting",
    { storage: "x1", type: "zfspool" },
    "missing value for required option 'pool'",
  ],
  [
    "a content type that is none",
    { ...dir, content: "films" },
    "content: invalid format - invalid content type 'films'",
  ],
  [
    "only content that the type does not have",
    { storage: "t1", type: "zfspool", pool: "tank/vm", content: "iso" },
    "storage does not support content type 'none'",
  ],
  [
    "none beside another content",
    { ...dir, content: "none,iso" },
    "unable to combine 'none' with other content types",
  ],
  [
    "true for a boolean",
    { ...dir, shared: "true" },
    "shared: type check ('boolean') failed - got 'true'",
  ],
  [
    "a preallocation that is none",
    { ...dir, preallocation: "some" },
    "preallocation: value 'some' does not have a value",
  ],
  [
    "mount options with a blank",
    { ...nfs, options: "a b" },
    "options: invalid format",
  ],
  [
    "a server that is none",
    { ...nfs, server: "a b" },
    "server: invalid format - value does not look like a valid server name or IP address",
  ],
  [
    "a name that LVM does not take",
    { storage: "v1", type: "lvm", vgname: "-" },
    "vgname: invalid format - lvm name '-' contains illegal characters",
  ],
  [
    "a server that does not answer",
    { ...nfs, server: "10.0.0.9" },
    "create storage failed: storage 'shelf' is not online",
  ],
  [
    "a server of version 4 asked by showmount",
    { ...nfs, options: "hard" },
    "storage 'shelf' is not online",
  ],
  [
    "an export that is not there",
    { ...nfs, export: "/export/gone" },
    "mount error: mount.nfs: mounting 10.0.0.5:/export/gone failed",
  ],
  [
    "a target that is not there",
    { storage: "i1", type: "iscsi", portal: "10.0.0.5", target: "iqn.gone" },
    "storage 'i1' is not online",
  ],
  [
    "a pool that is not there",
    { storage: "z1", type: "zfspool", pool: "gone/x" },
    "could not activate storage 'z1', zfs error: cannot import 'gone': no such pool available",
  ],
  [
    "a thin pool that is not there",
    { storage: "l1", type: "lvmthin", vgname: "vg0", thinpool: "gone" },
    "no such logical volume vg0/gone",
  ],
  [
    "a mount point without a mount",
    { ...dir, is_mountpoint: "yes" },
    "directory is expected to be a mount point but is not mounted: '/mnt/box'",
  ],
  [
    "a directory that is not there and not made",
    { ...dir, "create-base-path": 0 },
    "directory '/mnt/box' does not exist",
  ],
  [
    "a base that is not there",
    { storage: "l1", type: "lvm", vgname: "vg0", base: "gone:x" },
    "storage 'gone' does not exist",
  ],
])(
  "%s is refused in PVE's words, and nothing is defined",
  async (_what, params, why) => {
    await expect(request("POST", "/storage", params)).rejects.toThrow(why);
    expect(await request("GET", "/storage")).toHaveLength(2);
  },
);

test.each<[string, string, Params, string]>([
  [
    "a fixed setting that some type may change",
    "shelf",
    { server: "10.0.0.6" },
    "update storage failed: can't change value of fixed parameter 'server'",
  ],
  [
    "a setting that is fixed though it may be left out",
    "shelf",
    { "snapshot-as-volume-chain": 1 },
    "can't change value of fixed parameter 'snapshot-as-volume-chain'",
  ],
  [
    "a setting that no type may change",
    "shelf",
    { export: "/export/iso" },
    "export: property is not defined in schema",
  ],
  [
    "the type",
    "shelf",
    { type: "dir" },
    "type: property is not defined in schema",
  ],
  [
    "another type's setting",
    "shelf",
    { sparse: 1 },
    "unexpected property 'sparse'",
  ],
  [
    "an old digest",
    "shelf",
    { content: "iso", digest: "0".repeat(40) },
    "detected modified configuration - file changed by other user? Try again",
  ],
  [
    "a setting set and deleted",
    "shelf",
    { content: "iso", delete: "content" },
    "cannot set and delete property 'content' at the same time!",
  ],
  [
    "deletion of a required setting",
    "shelf",
    { delete: "server" },
    "unable to delete required option 'server'",
  ],
  [
    "deletion of what is none",
    "shelf",
    { delete: "colour" },
    "no such option 'colour'",
  ],
  [
    "a storage that is not there",
    "gone",
    { content: "iso" },
    "storage 'gone' does not exist",
  ],
])("an update of %s is refused", async (_what, name, params, why) => {
  await request("POST", "/storage", nfs);
  await expect(request("PUT", `/storage/${name}`, params)).rejects.toThrow(why);
});

test("what is not there is refused by every route", async () => {
  await expect(request("GET", "/storage/gone")).rejects.toThrow(
    "storage 'gone' does not exist",
  );
  await expect(request("DELETE", "/storage/gone")).rejects.toThrow(
    "delete storage failed: storage 'gone' does not exist",
  );
  await expect(
    request("GET", "/nodes/pve/storage/gone/status"),
  ).rejects.toThrow("storage: No such storage");
});

test.each<["POST" | "PUT" | "DELETE", string, Params]>([
  ["POST", "/storage", dir],
  ["PUT", "/storage/local", { content: "iso" }],
  ["DELETE", "/storage/local", {}],
])("%s %s needs Datastore.Allocate", async (method, path, params) => {
  lab.control({ do: "revoke", node: "pve", privilege: "Datastore.Allocate" });
  await expect(request(method, path, params)).rejects.toThrow(
    "Permission check failed (/storage, Datastore.Allocate)",
  );
});
