import { readFileSync } from "node:fs";
import { problems } from "../support/manifest-problems";

const dev = readFileSync("environments/dev.yaml", "utf8");

/** A change of the dev manifest, by text, and what the loader says of it. */
const cases: [string, string | RegExp, string, string][] = [
  [
    "a machine that the catalog does not have",
    "model: dell-r630",
    "model: dell-r730",
    'x "dell-r730" is not allowed, did you mean "dell-r630"?\n  at hardware.hosts[2].model',
  ],
  [
    "cores that the processors do not have",
    "cores: 20",
    "cores: 24",
    'x 2 xeon-e5-2640-v4 have 20 cores, and host "r630" says 24, correct one of them\n  at hardware.hosts[2].cores',
  ],
  [
    "memory that the modules do not make",
    "modules: [{ count: 8, size: 8GiB",
    "modules: [{ count: 8, size: 4GiB",
    'x modules of host "r630" make 32 GiB, and memory says 64 GiB, correct one of them\n  at hardware.hosts[2].memory',
  ],
  [
    "modules of a lot that is not there",
    "from: r630-spare",
    "from: r630-spares",
    'x there is no lot of memory "r630-spares", did you mean "r630-spare"?\n  at hardware.hosts[0].modules[0].from',
  ],
  [
    "two cards of one name",
    "{ name: hba2,",
    "{ name: hba1,",
    'x card name "hba1" is used twice, give each its own\n  at hardware.hosts[0].cards[1].name',
  ],
  [
    "two cards at one address",
    'path: "0000:02:00"',
    'path: "0000:01:00"',
    'x PCI address "0000:01:00" is used twice, give each its own\n  at hardware.hosts[0].cards[1].path',
  ],
  [
    "a boot disk that is not there",
    "disks: [ssd0, ssd1] }",
    "disks: [ssd0, ssd2] }",
    'x there is no disk of host "router-server" called "ssd2", did you mean',
  ],
  [
    "one boot disk twice",
    "disks: [ssd0, ssd1] }",
    "disks: [ssd0, ssd0] }",
    'x disk "ssd0" is used twice, give each its own\n  at hardware.hosts[0].boot.disks[1]',
  ],
  [
    "a shelf called as a host",
    "- name: shelf4\n",
    "- name: ml110\n",
    'x machine name "ml110" is used twice, give each its own\n  at hardware.shelves[3].name',
  ],
  [
    "a bay that the shelf does not have",
    "bay: 4, wwn",
    "bay: 14, wwn",
    'x shelf "shelf1" has 12 bays, and no bay 14, correct one of them\n  at hardware.shelves[0].disks[4].bay',
  ],
  [
    "two disks in a bay",
    "bay: 4, wwn",
    "bay: 3, wwn",
    'x bay "3" is used twice, give each its own\n  at hardware.shelves[0].disks[4].bay',
  ],
  [
    "a logical id that is none",
    "- name: shelf1\n",
    "- name: shelf1\n      logicalId: shelf1\n",
    "must be a logical id like 0x500304801f2b3c3f",
  ],
  [
    "a WWN used twice",
    "0x5000c500a1020000",
    "0x5000c500a1010000",
    "x WWN 0x5000c500a1010000 is used twice, give each disk its own\n  at hardware.shelves[1].disks[0].wwn",
  ],
  [
    "a name of the kernel for a disk",
    '"0x5000c500a1020000"',
    "/dev/sdb",
    "must be a World Wide Name like 0x5000c500a1b2c3d4",
  ],
  [
    "a disk's size in another unit",
    "size: 4TB",
    "size: 4TiB",
    'x "4TiB" is no capacity, write a number and one of GB, TB, like 4TB',
  ],
  [
    "a cable to no shelf",
    "to: shelf2,",
    "to: shelf9,",
    'x there is no shelf "shelf9", did you mean',
  ],
  [
    "a cable from no card",
    "router-server/hba1/1",
    "router-server/hba9/1",
    'x there is no card of host "router-server" called "hba9", did you mean "hba1"?\n  at hardware.cabling.sas[1].from',
  ],
  [
    "a cable from a card without ports for shelves",
    "router-server/hba1/1",
    "router-server/qat/1",
    'x card "qat" is a qat-8970, which takes no shelves, name an HBA',
  ],
  [
    "a cable from a port that the card does not have",
    "router-server/hba1/1",
    "router-server/hba1/2",
    'x card "hba1" has ports 0 to 1, and no port 2, correct it',
  ],
  [
    "two cables at a port",
    "router-server/hba1/1",
    "router-server/hba1/0",
    "x port router-server/hba1/0 is used twice, give each cable its own\n  at hardware.cabling.sas[1].from",
  ],
  [
    "a shelf behind itself",
    "from: router-server/hba1/1, to: shelf2",
    "from: shelf2, to: shelf2",
    'x a cable from shelf "shelf2" to itself leads nowhere, drop it',
  ],
  [
    "two network cables at a NIC",
    "from: router-server/enp5s0f1",
    "from: router-server/enp5s0f0",
    'x NIC "router-server/enp5s0f0" is used twice, give each its own\n  at hardware.cabling.network[1].from',
  ],
  [
    "a network cable to the same host",
    "to: r630/eno1",
    "to: router-server/eno1",
    'x a cable from host "router-server" to itself is a loop, drop it',
  ],
  [
    "a guest on a mount of another host",
    "    disks: [{ slot: scsi0, storage: local-zfs, size: 1GiB",
    "    disks: [{ slot: scsi0, storage: fast-nfs, size: 1GiB",
    'x there is no storage on host "router-server" called "fast-nfs"',
  ],
  [
    "a machine in two steps",
    "machines: [ml110, r630]",
    "machines: [ml110, router-server]",
    'x "router-server" is named twice, name each once\n  at power.start[2].machines[1]',
  ],
  [
    "a battery for nobody",
    "feeds: [router-server,",
    "feeds: [router-sever,",
    'x there is no host or shelf "router-sever", did you mean "router-server"?',
  ],
  [
    "a battery with a host's address",
    "runtime: 20min",
    "runtime: 20min\n      address: 10.10.10.110",
    "x 10.10.10.110 is used twice, give each its own\n  at power.ups[0].address",
  ],
  [
    "a clock that is no host",
    "servers: [router-server]",
    "servers: [openwrt]",
    'x there is no host "openwrt"',
  ],
  [
    "a resolver that nobody is",
    "resolvers: [10.10.10.1,",
    "resolvers: [10.10.10.2,",
    'x 10.10.10.2 lies in network "management", and no machine has it, correct it\n  at dns.resolvers[0]',
  ],
  [
    "a resolver that nobody asks",
    "resolvers: [10.10.10.1,",
    "resolvers: [1.1.1.1, 1.0.0.1, 10.10.10.1,",
    "too large, write at most 3",
  ],
  [
    "a delay that PVE does not take",
    "startDelay: 2min",
    "startDelay: 10min",
    "PVE takes whole seconds, and at most five minutes",
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

test("two shelves do not tell that they are the same one", () => {
  const text = dev.replaceAll(
    /- name: shelf\d\n/g,
    '$&      logicalId: "0x500304801f2b3c3f"\n',
  );
  expect(problems(text)).toContain(
    'x logical id "0x500304801f2b3c3f" is used twice, give each its own\n  at hardware.shelves[1].logicalId',
  );
});
