import { judge, type Site } from "../../site";
import {
  allowances,
  bay,
  type Change,
  load,
  pools,
  sas,
  secondLink,
  server,
} from "../support/dev-site";

/** Other ways to break the rules; each is these findings. */
const bad: [string, Change, string[]][] = [
  [
    "two links with a bond at one end, which sends by both",
    (site) => secondLink(site, ["802.3ad"]),
    ["bridge-loop"],
  ],
  [
    "a ring of three hosts",
    (site) => {
      site.hardware.cabling.network.push({
        from: { host: "ml110", device: "eno3" },
        to: { host: "r630", device: "eno2" },
      });
      site.proxmox.hosts[1]?.bridges[0]?.ports.push("eno3");
      site.proxmox.hosts[2]?.bridges[0]?.ports.push("eno2");
    },
    ["bridge-loop"],
  ],
  [
    "a special vdev in one shelf",
    (site) => {
      pools(site)[1]?.spares.splice(0);
      pools(site)[0]?.vdevs.push({
        type: "mirror",
        class: "special",
        disks: [bay("shelf1:4"), bay("shelf1:1")],
      });
      pools(site)[1]?.vdevs.splice(0, 1, {
        type: "raidz2",
        disks: ["shelf1:0", "shelf2:0", "shelf3:0", "shelf4:0"].map(bay),
      });
    },
    // The smaller pool has less room than two of its datasets may take.
    ["pool-quota", "pool-quota", "shelf-loss"],
  ],
  [
    "RDIMM beside LRDIMM",
    (site) => {
      server(site).modules = [
        { count: 4, size: 4 * 2 ** 30, type: "RDIMM", ecc: true },
        { count: 4, size: 4 * 2 ** 30, type: "LRDIMM", ecc: true },
      ];
    },
    ["memory-type"],
  ],
  [
    "more processors than the machine has sockets",
    (site) => {
      site.hardware.hosts[1] = {
        ...(site.hardware.hosts[1] as Site["hardware"]["hosts"][number]),
        cpu: { model: "xeon-e5-2620-v4", count: 2 },
      };
    },
    ["memory-sockets"],
  ],
  [
    "a slot that the machine does not have",
    (site) => {
      const [card] = server(site).cards;
      if (card) card.slot = "slot9";
    },
    ["pcie-slots"],
  ],
  [
    "a card that is wider than its slot",
    (site) => {
      const cards = server(site).cards;
      const [first] = cards;
      const qat = cards.find(({ name }) => name === "qat");
      if (first && qat) [first.slot, qat.slot] = [qat.slot, first.slot];
    },
    ["pcie-slots"],
  ],
  [
    "a shelf of two hosts",
    (site) => {
      site.hardware.hosts[1]?.cards.push({
        name: "hba",
        model: "lsi-9207-8e",
      });
      sas(site).push({
        from: { host: "ml110", card: "hba", port: 0, shelf: undefined },
        to: "shelf1",
        plugs: ["SFF-8088", "SFF-8088"],
      });
    },
    ["sas-paths"],
  ],
  [
    "a shelf without a cable",
    (site) => {
      sas(site).pop();
    },
    ["sas-paths"],
  ],
  [
    "a shelf with cables from two cards, and one path",
    (site) => {
      sas(site).push({
        from: { shelf: "shelf3", host: undefined },
        to: "shelf1",
        plugs: ["SFF-8088", "SFF-8088"],
      });
    },
    ["sas-paths"],
  ],
  [
    "a shelf behind another, with which the pool loses both",
    (site) => {
      const [, cable] = sas(site);
      if (cable) cable.from = { shelf: "shelf1", host: undefined };
    },
    // Of "fast" one mirror, and four disks of the raidz2.
    ["shelf-loss", "shelf-loss"],
  ],
  [
    "a plug that does not fit the shelf",
    (site) => {
      const [shelf] = site.hardware.shelves;
      if (shelf) shelf.connector = "SFF-8644";
    },
    ["sas-connectors"],
  ],
  [
    "a cache that leaves guests too little",
    (site) => {
      if (site.storage) site.storage.arcMax["router-server"] = 26 * 2 ** 30;
    },
    ["arc-memory"],
  ],
  [
    "a cache that is larger than the host, which has no guests",
    (site) => {
      site.guests = site.guests.filter(({ host }) => host !== "router-server");
      delete site.router;
      if (site.storage) site.storage.arcMax["router-server"] = 32 * 2 ** 30;
    },
    ["arc-memory"],
  ],
  [
    "a cache that leaves guests of a host without pools too little",
    (site) => {
      if (site.storage) site.storage.arcMax.ml110 = 20 * 2 ** 30;
    },
    ["arc-memory"],
  ],
  [
    "a limit of the cache that ZFS ignores",
    (site) => {
      if (site.storage) site.storage.arcMax["router-server"] = 2 ** 26 - 1;
    },
    ["arc-memory"],
  ],
  [
    "a pool's server in a cluster, whatever its role",
    (site) => {
      server(site).role = "compute";
      const [place] = site.proxmox.hosts;
      if (place) place.cluster = "all";
    },
    ["storage-cluster"],
  ],
  [
    "an export that only the administrators' allowance for everything would let through",
    (site) => {
      const item = allowances(site, "kubernetes").find(
        ({ to }) => to === "storage",
      );
      if (item) Object.assign(item, { protocol: "any", ports: undefined });
    },
    ["export-clients", "iscsi-network"],
  ],
  [
    "an export that is let through by UDP only",
    (site) => {
      const item = allowances(site, "kubernetes").find(
        ({ to }) => to === "storage",
      );
      if (item) item.protocol = "udp";
    },
    ["export-clients"],
  ],
  [
    "a boot mirror of one disk",
    (site) => {
      server(site).boot = { layout: "mirror", disks: ["ssd0"] };
    },
    ["boot-mirror"],
  ],
  [
    "a boot mirror of disks that differ by more than a tenth",
    (site) => {
      const [disk] = server(site).disks;
      if (disk) disk.size = 215e9;
    },
    ["boot-mirror"],
  ],
  [
    "a router's host that does not say what it starts from",
    (site) => {
      delete server(site).boot;
    },
    ["boot-mirror"],
  ],
  [
    "a shutdown that leaves a host out",
    (site) => {
      if (site.power)
        site.power.shutdown = [
          { machines: ["r630"], wait: 60_000 },
          { machines: ["router-server"], wait: 60_000 },
        ];
    },
    ["power-order"],
  ],
  [
    "modules without sockets in a machine whose processor nobody named",
    (site) => {
      const [, , host] = site.hardware.hosts;
      delete host?.cpu;
      if (host)
        host.modules = [{ count: 25, size: 2 ** 31, type: "RDIMM", ecc: true }];
    },
    ["memory-sockets"],
  ],
  [
    "Storage Spaces Direct on one server that is named twice",
    (site) => {
      pools(site)[1]?.spares.splice(0);
      site.storage?.storageSpaces.push({
        name: "s2d",
        hosts: ["r630", "r630"],
        kind: "direct",
        disks: [bay("shelf1:4")],
      });
    },
    ["storage-spaces-direct"],
  ],
  [
    "two HBAs anywhere in an entry server, which has one slot for such",
    (site) => {
      const [, host] = site.hardware.hosts;
      if (!host) return;
      host.model = "supermicro-entry-server";
      delete host.cpu;
      for (const name of ["one", "two"])
        host.cards.push({ name, model: "lsi-9207-8e" });
    },
    ["pcie-slots"],
  ],
  [
    "a guest with more cores than a processor without hyper-threading has",
    (site) => {
      const [, , host] = site.hardware.hosts;
      const guest = site.guests.find(({ name }) => name === "k3s");
      if (host) host.cpu = { model: "xeon-e5-2603-v3", count: 1 };
      if (guest) guest.cores = 7;
    },
    ["host-cores"],
  ],
  [
    "a boot disk in a pool",
    (site) => {
      pools(site)[0]?.spares.push(bay("router-server:ssd0"));
    },
    ["pool-disks"],
  ],
  [
    "one disk twice in a pool",
    (site) => {
      pools(site)[1]?.spares.push(bay("shelf1:4"));
    },
    ["pool-disks"],
  ],
  [
    "a raidz of thirteen, of unlike disks",
    (site) => {
      pools(site).splice(0, 1);
      for (const item of ["datasets", "exports", "mounts", "storageClasses"])
        Object.assign(site.storage ?? {}, { [item]: [] });
      const [pool] = pools(site);
      if (pool) {
        pool.vdevs = [
          {
            type: "raidz3",
            disks: site.hardware.shelves
              .flatMap(({ name, disks }) =>
                disks
                  .slice(0, 4)
                  .map(({ bay: number }) => bay(`${name}:${number}`)),
              )
              .slice(0, 13),
          },
        ];
      }
    },
    ["shelf-loss", "shelf-loss", "shelf-loss", "vdev-width", "vdev-width"],
  ],
  [
    "a mirror for the cache, and raidz for the log",
    (site) => {
      pools(site)[1]?.spares.splice(0);
      pools(site)[1]?.vdevs.push(
        {
          type: "mirror",
          class: "cache",
          disks: [bay("shelf1:4")],
        },
        { type: "raidz1", class: "log", disks: [bay("shelf3:4")] },
      );
    },
    ["vdev-layout", "vdev-layout", "vdev-layout", "vdev-layout"],
  ],
  [
    "disks on a share that are larger than its quota",
    (site) => {
      const disk = site.guests.find(({ name }) => name === "k3s")?.disks[0];
      if (disk) Object.assign(disk, { storage: "fast-nfs", size: 2 ** 40 + 1 });
    },
    ["storage-overcommit"],
  ],
  [
    "scrubs that are said in two ways, and begin at one time",
    (site) => {
      const [fast, tank] = pools(site);
      if (fast && tank) [fast.scrub, tank.scrub] = ["weekly", "Mon..Fri *:00"];
    },
    ["scrub-times"],
  ],
  [
    "a shelf without a battery",
    (site) => {
      site.power?.ups[0]?.feeds.splice(1, 1);
    },
    ["ups-runtime"],
  ],
  [
    "a shutdown of the storage before its users",
    (site) => {
      if (site.power)
        site.power.shutdown = [
          { machines: ["router-server"], wait: 60_000 },
          { machines: ["ml110", "r630"], wait: 60_000 },
        ];
    },
    ["power-order", "power-order"],
  ],
  [
    "a start without the storage",
    (site) => {
      site.power?.start.splice(1, 1);
    },
    ["power-order"],
  ],
];

test.each(bad)("%s is told", (_what, change, expected) => {
  const site = load();
  change(site);
  expect(judge(site).map(({ rule }) => rule)).toEqual(expected);
});
