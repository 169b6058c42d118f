import { judge } from "../../site";
import {
  allowances,
  bay,
  type Change,
  dualPath,
  load,
  pools,
  secondLink,
  server,
} from "../support/dev-site";

/** Changes of the dev site that no rule has anything against. */
const good: [string, Change][] = [
  ["two paths for each shelf, through the other HBA's shelves", dualPath],
  [
    "a disk for several hosts that says what keeps them apart",
    (site) => {
      const target = site.storage?.iscsi?.targets[0];
      target?.to.push("ml110");
      if (target) target.shared = "A volume group that the cluster locks.";
    },
  ],
  [
    "two links as a bond at both ends",
    (site) => secondLink(site, ["802.3ad", "802.3ad"]),
  ],
  [
    "two links of which one waits, at one end",
    (site) => {
      secondLink(site, []);
      const other = site.proxmox.hosts[1]?.bridges[0];
      if (other) {
        other.ports = ["bond0"];
        other.bonds = {
          bond0: { slaves: ["eno1", "eno3"], mode: "active-backup" },
        };
      }
    },
  ],
  [
    "a pool that may be lost with a shelf, and says why",
    (site) => {
      const [pool] = pools(site);
      if (pool) {
        pool.vdevs = [
          { type: "mirror", disks: [bay("shelf1:2"), bay("shelf1:3")] },
        ];
        pool.lostWithShelf = "Scratch data, made anew from the shares.";
      }
    },
  ],
  [
    "a mirrored log and a cache in one shelf: the pool does not hang on them",
    (site) => {
      pools(site)[1]?.spares.splice(0);
      pools(site)[1]?.vdevs.push(
        { type: "stripe", class: "cache", disks: [bay("shelf1:4")] },
        { type: "stripe", class: "log", disks: [bay("shelf3:4")] },
      );
    },
  ],
  [
    "guests on a share, on a host that waits",
    (site) => {
      const disk = site.guests.find(({ name }) => name === "k3s")?.disks[0];
      if (disk) disk.storage = "fast-nfs";
    },
  ],
  [
    "an export to a network that a range of ports lets through",
    (site) => {
      const item = allowances(site, "application").find(({ ports }) =>
        ports?.includes(2049),
      );
      if (item) item.ports = ["2000-2100"];
    },
  ],
  [
    "hosts of one cluster with one dataset for their guests",
    (site) => {
      for (const host of site.proxmox.hosts.slice(1)) host.cluster = "all";
      site.storage?.mounts.splice(1, 1);
      site.storage?.mounts[0]?.hosts.push("r630");
      site.storage?.exports[0]?.to.push("r630");
    },
  ],
  [
    "a share of files for hosts outside of a cluster",
    (site) => {
      const [mount] = site.storage?.mounts ?? [];
      if (mount) Object.assign(mount, { content: ["iso"] });
      mount?.hosts.push("r630");
    },
  ],
  [
    "a special vdev that bears as much as the data",
    (site) => {
      pools(site)[1]?.spares.splice(0);
      pools(site)[0]?.vdevs.push({
        type: "mirror",
        class: "special",
        disks: [bay("shelf1:4"), bay("shelf3:4")],
      });
    },
  ],
  [
    "scrubs of one day, at two hours",
    (site) => {
      const [fast, tank] = pools(site);
      if (fast && tank) [fast.scrub, tank.scrub] = ["daily", "Sun 04:00"];
    },
  ],
  [
    "the smallest cache that ZFS takes",
    (site) => {
      if (site.storage) site.storage.arcMax["router-server"] = 2 ** 26;
    },
  ],
  [
    "a boot mirror of disks that differ by a tenth",
    (site) => {
      const [disk] = server(site).disks;
      if (disk) disk.size = 216e9;
    },
  ],
  [
    "a cluster whose nodes have pools of their own, which they export to nobody",
    (site) => {
      server(site).role = "compute";
      for (const host of site.proxmox.hosts) host.cluster = "all";
      const { storage } = site;
      if (storage)
        Object.assign(storage, { exports: [], mounts: [], storageClasses: [] });
    },
  ],
  [
    "an HBA and a network card anywhere in an entry server",
    (site) => {
      const [, host] = site.hardware.hosts;
      if (!host) return;
      host.model = "supermicro-entry-server";
      delete host.cpu;
      host.cards.push({ name: "net", model: "x550-t2" });
      host.cards.push({ name: "hba", model: "lsi-9207-8e" });
    },
  ],
  [
    "a guest with as many cores as the host has threads",
    (site) => {
      const guest = site.guests.find(({ name }) => name === "k3s");
      if (guest) guest.cores = 40;
    },
  ],
  [
    "a stand-alone storage space on one server with two paths",
    (site) => {
      dualPath(site);
      pools(site)[1]?.spares.splice(0);
      site.storage?.storageSpaces.push({
        name: "archive",
        hosts: ["router-server"],
        kind: "standalone",
        disks: [bay("shelf1:4"), bay("shelf3:4")],
      });
    },
  ],
];

test.each(good)("%s is good", (_what, change) => {
  const site = load();
  change(site);
  expect(judge(site)).toEqual([]);
});
