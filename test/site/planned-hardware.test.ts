import { judge, loadSite } from "../../site";

const findings = judge(loadSite("test/fixtures/planned-hardware.yaml"));
const shelves = ["shelf1", "shelf2", "shelf3", "shelf4"];

/** What the list of the first plan must be told, by rule: each message's beginning, and its place. */
const expected: Record<string, [string, string][]> = {
  "memory-type": [
    [
      'host "router-server" has 8 RDIMMs, and Intel Xeon E-2176G takes UDIMM.',
      "hardware.hosts.0.modules.0.type",
    ],
  ],
  "memory-sockets": [
    [
      'host "router-server" has 8 memory modules, and Entry-level server for Xeon E-2100 has 4 sockets for them (assumed).',
      "hardware.hosts.0.modules",
    ],
  ],
  "memory-twice": [
    [
      '"router-server" and "r630" take 16 modules of lot "r630-pool", which has 8.',
      "hardware.spareMemory.0.count",
    ],
  ],
  "pcie-lanes": [
    [
      'cards of host "router-server" ask for 44 lanes (some assumed), and Intel Xeon E-2176G has 16 in 3 links; hba1 and hba2 take all 16; the rest shares the link of Intel C246, DMI 3.0 x4, about 3.9 GB/s (assumed).',
      "hardware.hosts.0.cards",
    ],
  ],
  "pcie-slots": [
    [
      'host "router-server" has 7 cards, and Entry-level server for Xeon E-2100 has 2 slots (assumed).',
      "hardware.hosts.0.cards",
    ],
  ],
  "card-names": [
    [
      'card "lan2" of host "router-server" is called i350-t8: ',
      "hardware.hosts.0.cards.3.model",
    ],
  ],
  "sas-connectors": shelves.map((shelf, index) => [
    `cable to shelf "${shelf}" ends in SFF-8644, and lsi-9207-8e "hba${index < 2 ? 1 : 2}" of host "router-server" has SFF-8088.`,
    `hardware.cabling.sas.${index}.plugs.0`,
  ]),
  "sas-paths": shelves.map((shelf, index) => [
    `shelf "${shelf}" has 1 of 2 paths: shelves ask for 8 ports, and HBAs have 4.`,
    `hardware.shelves.${index}.paths`,
  ]),
  "storage-spaces-direct": [
    [
      '"s2d-pool" is Storage Spaces Direct on 1 server.',
      "storage.storageSpaces.0.hosts",
    ],
    [
      '"s2d-pool" is Storage Spaces Direct on disks with two paths, in "shelf1", "shelf2", "shelf3", "shelf4".',
      "storage.storageSpaces.0.disks",
    ],
  ],
  "arc-memory": [
    [
      'ZFS\'s cache on host "router-server" may take 31 GiB, without arcMax, of 32 GiB, guests take 1 GiB (1 GiB pinned), and the host needs 4 GiB.',
      "storage.arcMax",
    ],
  ],
  "bridge-loop": [
    [
      "cable from router-server/enp6s0f0 to r630/eno2 is a second way between bridges router-server/vmbr0 and r630/vmbr0, without a bond.",
      "hardware.cabling.network.2",
    ],
  ],
  "shelf-loss": [
    [
      'pool "nas" is lost with shelf "shelf4": 4 disks of a raidz1 are there, and it can spare 1.',
      "storage.pools.0.vdevs.0",
    ],
  ],
  "storage-cluster": [
    [
      'storage server "router-server" is in cluster "hci".',
      "proxmox.hosts.0.cluster",
    ],
  ],
  "nfs-start": [
    [
      'disk scsi0 of guest "reverse-proxy" lies on share "shelves", and host "ml110" starts it at once.',
      "guests.1.disks",
    ],
  ],
  "export-clients": [
    [
      '"nas/shares" is exported to "application" in network "application", which no allowance lets to TCP port 2049 of network "storage".',
      "storage.exports.1.to.0",
    ],
  ],
  "pool-disks": [
    [
      'disk shelf4:1 is in pool "nas", and in storage space "s2d-pool".',
      "storage.storageSpaces.0.disks.6",
    ],
  ],
  "boot-mirror": [
    ['host "router-server" starts from one disk.', "hardware.hosts.0.boot"],
  ],
  "router-disk": [
    [
      'disk scsi0 of router "openwrt" lies on "local", which is single.',
      "guests.0.disks.0.storage",
    ],
  ],
  "power-order": [
    ...shelves.map((shelf): [string, string] => [
      `"router-server" has its disks in "${shelf}", which is not started before it.`,
      "power.start",
    ]),
    ...["ml110", "r630"].map((host): [string, string] => [
      `"${host}" mounts what it has from "router-server", which is not started before it.`,
      "power.start",
    ]),
  ],
};

test.each(Object.entries(expected))(
  "the plan's hardware is told against by %s",
  (rule, told) => {
    const found = findings.filter((finding) => finding.rule === rule);
    expect(found.map(({ path }) => path.join("."))).toEqual(
      told.map(([, path]) => path),
    );
    for (const [index, [message]] of told.entries())
      expect(found[index]?.message.startsWith(message)).toBe(true);
  },
);

test("the plan's hardware is told against by no other rule, and by errors only", () => {
  const told = new Set(findings.map(({ rule }) => rule));
  expect([...told].sort()).toEqual(Object.keys(expected).sort());
  expect(new Set(findings.map(({ severity }) => severity))).toEqual(
    new Set(["error"]),
  );
});
