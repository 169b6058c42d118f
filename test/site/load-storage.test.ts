import { readFileSync } from "node:fs";
import { problems } from "../support/manifest-problems";

const dev = readFileSync("environments/dev.yaml", "utf8");

/** A change of the dev manifest, by text, and what the loader says of it. */
const cases: [string, string | RegExp, string, string][] = [
  [
    "a network that is not there",
    "storage:\n  network: storage",
    "storage:\n  network: storge",
    'x there is no network "storge", did you mean "storage"?\n  at storage.network',
  ],
  [
    "a disk that is not there",
    '["shelf1:2", "shelf2:2"]',
    '["shelf1:2", "shelf2:9"]',
    'x there is no disk "shelf2:9", did you mean',
  ],
  [
    "a disk without a WWN",
    '["shelf1:2", "shelf2:2"]',
    '["shelf1:2", "router-server:ssd0"]',
    'x disk "router-server:ssd0" has no wwn, by which alone a pool may know it, add it\n  at storage.pools[0].vdevs[0].disks[1]',
  ],
  [
    "a disk of another host",
    '["shelf1:2", "shelf2:2"]',
    '["shelf1:2", "ml110:ssd0"]',
    'x disk "ml110:ssd0" sits in another host than "router-server", choose one of its own or of a shelf',
  ],
  [
    "a disk by the kernel's name",
    '["shelf1:2", "shelf2:2"]',
    '["shelf1:2", "/dev/sdb"]',
    'must be "SHELF:BAY" or "HOST:DISK", like shelf1:0',
  ],
  [
    "a replacement that stands nowhere",
    "      properties: { autotrim: true }\n",
    "      replace: [{ old: shelf1:4, new: shelf3:4 }]\n",
    'x disk "shelf3:4" stands in no vdev of pool "fast", put it where it is to be\n  at storage.pools[0].replace[0].new',
  ],
  [
    "a disk to replace that is still declared",
    "      properties: { autotrim: true }\n",
    "      replace: [{ old: shelf1:2, new: shelf2:2 }]\n",
    'x disk "shelf1:2" still stands in a vdev, put the new one into its place there (one in the same bay: write as old the World Wide Name of the one that leaves)\n  at storage.pools[0].replace[0].old',
  ],
  [
    "a disk to replace that is not there",
    "      properties: { autotrim: true }\n",
    "      replace: [{ old: shelf1:9, new: shelf2:2 }]\n",
    'x there is no disk "shelf1:9", did you mean',
  ],
  [
    "a disk to add that stands nowhere",
    "      properties: { autotrim: true }\n",
    '      add: ["shelf1:4"]\n',
    'x disk "shelf1:4" stands in no vdev of pool "fast", put it where it is to be\n  at storage.pools[0].add[0]',
  ],
  [
    "a GUID as a number",
    "      properties: { autotrim: true }\n",
    "      destroy: { guid: 15 }\n",
    "at storage.pools[0].destroy.guid",
  ],
  [
    "a record size that ZFS does not take",
    "recordsize: 64KiB",
    "recordsize: 3MiB",
    "x must be a power of two, at most 16MiB, correct the value\n  at storage.datasets[0].properties.recordsize",
  ],
  [
    "a dataset with capital letters",
    "name: tank/documents",
    "name: tank/Documents",
    'x "tank/Documents" has capital letters, write "tank/documents"\n  at storage.datasets[5].name',
  ],
  [
    "a dataset with a blank",
    "name: tank/documents",
    "name: tank/my documents",
    'x "tank/my documents" must be POOL/PATH, like tank/shares, correct the value\n  at storage.datasets[5].name',
  ],
  [
    "a property one level too high",
    "      quota: 2TiB\n",
    "      compression: lz4\n",
    'x "compression" is no key here, it goes one deeper: properties: { compression: ... }\n  at storage.datasets[5].compression',
  ],
  [
    "a pool called as a kind of vdev",
    "- name: tank\n",
    "- name: mirror1\n",
    "must be a letter, then letters, digits, _ . and -, and no kind of vdev",
  ],
  [
    "a pool on no host",
    "- name: tank\n      host: router-server",
    "- name: tank\n      host: router",
    'x there is no host "router"',
  ],
  [
    "a cache for no host",
    "arcMax: { router-server:",
    "arcMax: { router-servr:",
    'x there is no host "router-servr", did you mean "router-server"?',
  ],
  [
    "a dataset in no pool",
    "- name: fast/kubernetes\n",
    "- name: slow/kubernetes\n",
    'x there is no pool "slow"',
  ],
  [
    "a dataset whose parent is not there",
    "- name: tank/shares/media\n",
    "- name: tank/share/media\n",
    'x there is no dataset "tank/share", did you mean "tank/shares"?',
  ],
  [
    "a dataset in a volume",
    "- name: tank/shares\n      quota: 10TiB\n      properties: { recordsize: 1MiB, acltype: posix }",
    "- name: tank/shares\n      volume: 10TiB",
    'x "tank/shares" is a volume, which has nothing below it, choose another place',
  ],
  [
    "a volume with a quota",
    "- name: fast/kubernetes\n      quota: 1TiB",
    "- name: fast/kubernetes\n      quota: 1TiB\n      volume: 1TiB",
    "x a volume has its size, drop the quota",
  ],
  [
    "a volume of half a MiB",
    "- name: fast/kubernetes\n      quota: 1TiB",
    "- name: fast/kubernetes\n      volume: 1.5MiB",
    "x ZFS rounds a volume, write whole MiB",
  ],
  [
    "a volume's property on a file system",
    "properties: { recordsize: 64KiB }",
    "properties: { volblocksize: 64KiB }",
    'x "volblocksize" is of volumes, drop it',
  ],
  [
    "a file system's property on a volume",
    "quota: 1TiB\n      properties: { recordsize: 64KiB }",
    "volume: 1TiB\n      properties: { recordsize: 64KiB }",
    "x a volume has neither mountpoint nor recordsize, drop them",
  ],
  [
    "a schedule that no timer takes",
    "schedule: hourly",
    "schedule: often",
    "must be hourly, daily, weekly, monthly, or days and a time",
  ],
  [
    "mail to a command",
    "  network: storage\n  arcMax",
    "  network: storage\n  mailTo: $(reboot)\n  arcMax",
    "must be an address like ops@example.net",
  ],
  [
    "a schedule over the week's end",
    'scrub: "Sat 02:00"',
    'scrub: "Sat..Mon 02:00"',
    "has a range that runs backwards, or on from another",
  ],
  [
    "a schedule at no hour",
    'scrub: "Sat 02:00"',
    'scrub: "02..99:00"',
    "must be hourly, daily, weekly, monthly, or days and a time",
  ],
  [
    "an export of a volume",
    "- name: fast/kubernetes\n      quota: 1TiB",
    "- name: fast/kubernetes\n      volume: 1TiB",
    'x there is no file system "fast/kubernetes"',
  ],
  [
    "an export to nobody",
    "to: [k3s]",
    "to: [k4s]",
    'x there is no host, guest or network "k4s", did you mean "k3s"?',
  ],
  [
    "an export to a guest whose address changes",
    "to: [k3s]",
    "to: [ci-runner]",
    'x guest "ci-runner" has no static address, give it one',
  ],
  [
    "an export to a host that is not in the storage network",
    "addresses: { management: 10.10.10.12, storage: 10.10.20.12 }",
    "addresses: { management: 10.10.10.12 }",
    'x host "r630" has no address in network "storage", add it\n  at storage.exports[1].to[0]',
  ],
  [
    "an export of a server that is not in the storage network",
    "addresses: { management: 10.10.10.10, storage: 10.10.20.10 }",
    "addresses: { management: 10.10.10.10 }",
    'x host "router-server" has no address in network "storage", where "fast/vm-ml110" is to be served, add it',
  ],
  [
    "a client named twice",
    "to: [ml110], squash: none }",
    "to: [ml110, ml110], squash: none }",
    'x "ml110" is named twice, name each once\n  at storage.exports[0].to[1]',
  ],
  [
    "one dataset exported twice",
    "dataset: tank/shares/media, to",
    "dataset: tank/shares, to",
    'x export "tank/shares" is used twice, give each its own\n  at storage.exports[6].dataset',
  ],
  [
    "a mount of what is not exported",
    "dataset: fast/vm-r630, hosts",
    "dataset: fast/vm-r63, hosts",
    'x there is no exported dataset "fast/vm-r63", did you mean "fast/vm-r630"?',
  ],
  [
    "a mount on a host that is not let in",
    "dataset: fast/vm-r630, hosts: [r630]",
    "dataset: fast/vm-r630, hosts: [router-server]",
    'x "fast/vm-r630" is not exported to host "router-server", add it to the export',
  ],
  [
    "a mount called as another storage",
    "name: fast-nfs",
    "name: local-zfs",
    'x storage "local-zfs" is there already on one of its hosts, choose another name\n  at storage.mounts[0].name',
  ],
  [
    "a storage class of what is not exported",
    "{ name: fast, dataset: fast/kubernetes,",
    "{ name: fast, dataset: fast/kubernete,",
    'x there is no exported dataset "fast/kubernete"',
  ],
];

test.each(cases)(
  "%s is told with its place and remedy",
  (_what, from, to, expected) => {
    const text = dev.replace(from, to);
    expect(text).not.toBe(dev);
    expect(problems(text)).toContain(expected);
  },
);

test("a guest's disk may lie on what its host mounts", () => {
  const text = dev.replace(
    "storage: local-zfs, size: 80GiB",
    "storage: fast-nfs, size: 80GiB",
  );
  expect(text).not.toBe(dev);
  expect(problems(text)).toBe("");
});

test("who uses a name is not told to write it as wrong as it is given", () => {
  const told = problems(
    dev.replace("name: tank/documents", "name: tank/Documents"),
  );
  expect(told.match(/^x .*$/gm)).toEqual([
    'x "tank/Documents" has capital letters, write "tank/documents"',
  ]);
});
