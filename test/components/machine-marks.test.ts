import { markedOn } from "../../components/machine-marks";
import { provider } from "../../providers/storage/zfs-dataset/lifecycle";
import { testHost } from "../support/host";
import { smbHost, smbInputs } from "../support/smb";
import { type StorageHost, storageHost } from "../support/storage-host";

jest.setTimeout(60_000);

let host: StorageHost;
beforeAll(async () => {
  host = await storageHost(provider);
});
afterAll(() => host.stop());

const { signal } = new AbortController();
const marked = () => markedOn("site", host.machine, signal);

test("pools, datasets and exports with the site's mark are found, and no others", async () => {
  const [first, second] = (await host.run("lsblk -dno WWN"))
    .trim()
    .split("\n")
    .map((wwn) => `/dev/disk/by-id/wwn-${wwn}`);
  await host.run(
    `zpool create -O hybrid-site:owner=site/ZfsPool/tank tank mirror ${first} ${second}`,
  );
  await host.run("zfs create -o hybrid-site:owner=site/ZfsDataset/a tank/a");
  await host.run("zfs create -o hybrid-site:owner=other/ZfsDataset/b tank/b");
  await host.run("zfs create tank/inherits");
  host.world.put(
    "/etc/exports.d/hybrid-site-storage.exports",
    "# hybrid-site owner=site/NfsExports/storage\n",
  );
  const tpgs = [{ tag: 1, parameters: { TargetAlias: "site/IscsiTarget/a" } }];
  host.world.put(
    "/etc/rtslib-fb-target/saveconfig.json",
    JSON.stringify({ targets: [{ wwn: "iqn.a", fabric: "iscsi", tpgs }] }),
  );
  expect(await marked()).toEqual([
    { what: 'pool "tank"', owner: "site/ZfsPool/tank" },
    { what: 'dataset "tank/a"', owner: "site/ZfsDataset/a" },
    {
      what: 'exports "/etc/exports.d/hybrid-site-storage.exports"',
      owner: "site/NfsExports/storage",
    },
    { what: 'target "iqn.a"', owner: "site/IscsiTarget/a" },
  ]);
});

test("shares and users with the site's mark are found, also where no account is left", async () => {
  const smb = await smbHost();
  smb.clean();
  try {
    await smb.run("net conf addshare theirs /srv");
    await smb.provider.create(smbInputs());
    await smb.run("smbpasswd -x scanner");
    const owner = "site/SmbShares/storage";
    expect(await markedOn("site", smb.machine, signal)).toEqual([
      { what: 'share "docs"', owner },
      { what: 'user "office"', owner },
      { what: 'user "scanner"', owner },
    ]);
    smb.fault({ kind: "fails", match: "net conf list", code: 255, text: "no" });
    await expect(markedOn("site", smb.machine, signal)).rejects.toThrow(/no$/);
  } finally {
    await smb.stop();
  }
});

test("a machine whose ZFS says an error is not one without anything", async () => {
  host.fault({
    kind: "fails",
    match: "zfs get",
    code: 1,
    text: "cannot iterate filesystems: I/O error\n",
  });
  await expect(marked()).rejects.toThrow("I/O error");
  expect(host.lab.faults.list).toEqual([]);
});

test.each([
  [
    "without its module",
    "The ZFS modules cannot be auto-loaded.\nTry running 'modprobe zfs' as root to manually load them.\n",
  ],
  ["whose sudo finds none", "sudo: zfs: command not found\n"],
])("a machine %s has no pools", async (_what, text) => {
  host.fault({ kind: "fails", match: "zfs get", code: 1, text });
  expect((await marked()).map(({ what }) => what)).toEqual([
    'exports "/etc/exports.d/hybrid-site-storage.exports"',
    'target "iqn.a"',
  ]);
});

test("a machine without ZFS has nothing", async () => {
  const plain = await testHost();
  try {
    expect(await markedOn("site", plain.machine, signal)).toEqual([]);
  } finally {
    await plain.stop();
  }
});
