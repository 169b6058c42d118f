import type { Site } from "../../site";

type Host = Site["hardware"]["hosts"][number];
type Storage = NonNullable<Site["storage"]>;

const host = (site: Site, name: string) =>
  site.hardware.hosts.find((item) => item.name === name) as Host;
const server = (site: Site) => host(site, "router-server");
const shelf = (site: Site, name: string) =>
  site.hardware.shelves.find(
    (item) => item.name === name,
  ) as Site["hardware"]["shelves"][number];
const pool = (site: Site, name: string) =>
  site.storage?.pools.find(
    (item) => item.name === name,
  ) as Storage["pools"][number];
const bay = (name: string) => {
  const [holder = "", number = ""] = name.split(":");
  return { holder, name: number };
};
const qat = (site: Site) => site.qat[0] as Site["qat"][number];
const cables = (site: Site) => site.hardware.cabling;

/** For each rule about hardware, storage and power a change of the dev site that breaks it, and what it says then. */
export const hardwareViolations: Record<
  string,
  [(site: Site) => void, string]
> = {
  "memory-type": [
    (site) => {
      server(site).cpu = { model: "xeon-e-2176g", count: 1 };
    },
    'host "router-server" has 8 RDIMMs, and Intel Xeon E-2176G takes UDIMM. Buy modules of one kind that fits, or another machine.',
  ],
  "memory-ecc": [
    (site) => {
      const [modules] = server(site).modules ?? [];
      if (modules) modules.ecc = false;
    },
    'host "router-server" has pools, and 8 RDIMMs without ECC. Buy modules with ECC.',
  ],
  "memory-sockets": [
    (site) => {
      server(site).modules = [
        { count: 9, size: 4 * 2 ** 30, type: "RDIMM", ecc: true },
      ];
      server(site).cpu = { model: "xeon-e5-2620-v4", count: 1 };
    },
    'host "router-server" has 9 memory modules, and Supermicro SuperServer 7048R-TR (X10DRi), tower or 4U has 8 sockets for them (assumed). Take fewer and larger modules, or another machine.',
  ],
  "memory-twice": [
    (site) => {
      const [modules] = host(site, "r630").modules ?? [];
      Object.assign(modules ?? {}, { from: "r630-spare", size: 4 * 2 ** 30 });
    },
    '"router-server" and "r630" take 16 modules of lot "r630-spare", which has 8. Count each module where it goes, and buy what is missing.',
  ],
  "qat-stack": [
    (site) => {
      qat(site).stack = "qatlib";
    },
    '"qat" is a QuickAssist 8970 with stack qatlib, which does not know it. Take in-tree for the kernel\'s users (IPsec), or out-of-tree with QAT_Engine built against it for TLS.',
  ],
  "qat-exclusive": [
    (site) => {
      Object.assign(qat(site), { stack: "passthrough", disableDenylist: true });
    },
    '"qat" is given to guests, and is to be used by host "router-server" too. Drop the host\'s use, or take another stack.',
  ],
  "qat-denylist": [
    (site) => {
      Object.assign(qat(site), { stack: "passthrough", disableDenylist: true });
    },
    '"qat" goes to guests with vfio-pci\'s denylist switched off on host "router-server": by an erratum a malformed request of a guest can hang the host, and the kernel warns of "exploitable stability or security issues when accessed by untrusted users". Give it to guests that are trusted as the host is, or to none.',
  ],
  "qat-passthrough": [
    (site) => {
      qat(site).stack = "passthrough";
    },
    '"qat" is given to guests, and vfio-pci of host "router-server" refuses it to all of them. Read the warning of rule qat-denylist and set disableDenylist, or take another stack.',
  ],
  "qat-slot": [
    (site) => {
      for (const card of server(site).cards)
        if (card.name === "qat") delete card.slot;
    },
    'card "qat" of host "router-server" is x16, and its slot is not told. Add its slot, one of slot1, slot2, slot3, slot4, slot5, slot6.',
  ],
  "pcie-lanes": [
    (site) => {
      server(site).cpu = { model: "xeon-e5-2620-v4", count: 1 };
    },
    'cards of host "router-server" ask for 44 lanes (some assumed), and Intel Xeon E5-2620 v4 has 40; the rest shares the link of Intel C612, DMI 2.0 x4, about 2 GB/s (assumed). Leave cards out, or take a machine with more lanes.',
  ],
  "pcie-slots": [
    (site) => {
      const [first] = server(site).cards;
      if (first) first.slot = "slot4";
    },
    'cards "hba1" and "hba2" are in slot "slot4" both. Leave cards out, choose other slots, or another machine.',
  ],
  "card-names": [
    (site) => {
      server(site).cards.push({ name: "lan2", model: "i350-t8" });
    },
    'card "lan2" of host "router-server" is called i350-t8: Intel\'s brief knows the I350 with two and four ports only; boards with eight are of others, two I350 behind a PCIe switch; take two i350-t4, or the board\'s own name. Write what is on the invoice.',
  ],
  "card-known": [
    (site) => {
      server(site).cards.push({ name: "gpu", model: "some-gpu" });
    },
    'card "gpu" of host "router-server" is a some-gpu, which the catalog does not have. Add it to site/catalog/cards.ts, with the source.',
  ],
  "sas-connectors": [
    (site) => {
      const [cable] = cables(site).sas;
      if (cable) cable.plugs = ["SFF-8644", "SFF-8088"];
    },
    'cable to shelf "shelf1" ends in SFF-8644, and lsi-9207-8e "hba1" of host "router-server" has SFF-8088. Take a cable with the plug that fits.',
  ],
  "sas-paths": [
    (site) => {
      shelf(site, "shelf2").paths = 2;
    },
    'shelf "shelf2" has 1 of 2 paths: shelves ask for 5 ports, and HBAs have 4. Add the cables, from HBAs or through other shelves, or lower the shelf\'s paths.',
  ],
  "sas-adapters": [
    (site) => {
      shelf(site, "shelf1").paths = 2;
      const [, second] = cables(site).sas;
      if (second) second.to = "shelf1";
    },
    'both paths of shelf "shelf1" go through card "hba1" of host "router-server". Lead one of them to another card.',
  ],
  "storage-spaces-direct": [
    (site) => {
      site.storage?.storageSpaces.push({
        name: "s2d",
        hosts: ["router-server"],
        kind: "direct",
        disks: [bay("shelf1:0")],
      });
    },
    '"s2d" is Storage Spaces Direct on 1 server. Take ZFS, or kind: standalone, which Microsoft supports on one server and with MPIO.',
  ],
  "arc-memory": [
    (site) => {
      if (site.storage) site.storage.arcMax = {};
    },
    'ZFS\'s cache on host "router-server" may take 31 GiB, without arcMax, of 32 GiB, guests take 3 GiB (1 GiB pinned), and the host needs 4 GiB. Set storage.arcMax for the host to what is left.',
  ],
  "bridge-loop": [
    (site) => {
      cables(site).network.push({
        from: { host: "ml110", device: "eno3" },
        to: { host: "router-server", device: "enp5s0f2" },
      });
      site.proxmox.hosts[1]?.bridges[0]?.ports.push("eno3");
    },
    "cable from ml110/eno3 to router-server/enp5s0f2 is a second way between bridges ml110/vmbr0 and router-server/vmbr0, without a bond. Make a bond of both links at both ends, or pull one of them.",
  ],
  "shelf-loss": [
    (site) => {
      const [vdev] = pool(site, "fast").vdevs;
      if (vdev) vdev.disks = [bay("shelf1:2"), bay("shelf1:4")];
    },
    'pool "fast" is lost with shelf "shelf1": 2 disks of a mirror are there, and it can spare 1. Spread the vdev over more shelves, or say in lostWithShelf why it may be lost.',
  ],
  "nfs-start": [
    (site) => {
      delete site.proxmox.hosts[2]?.startDelay;
      const disk = site.guests.find(({ name }) => name === "k3s")?.disks[0];
      if (disk) disk.storage = "fast-nfs";
    },
    'disk scsi0 of guest "k3s" lies on share "fast-nfs", and host "r630" starts it at once. Give the host a startDelay, e.g. 2min.',
  ],
  "export-clients": [
    (site) => {
      site.storage?.exports[0]?.to.push("management");
    },
    '"fast/vm-ml110" is exported to "management" in network "management", which no allowance lets to TCP port 2049 of network "storage". Export it to machines in the storage network, or allow the port.',
  ],
  "pool-disks": [
    (site) => {
      pool(site, "fast").spares.push(bay("shelf1:4"));
    },
    'disk shelf1:4 is in pool "fast", and in pool "tank". Give each its own disks.',
  ],
  "vdev-layout": [
    (site) => {
      pool(site, "fast").vdevs.push({
        type: "stripe",
        disks: [bay("shelf1:4")],
      });
    },
    'pool "fast" has a stripe of 1 beside a mirror of 2, whose redundancy is another. Make all vdevs for data alike, and those of other classes mirrors.',
  ],
  "vdev-width": [
    (site) => {
      pool(site, "tank").ashift = 9;
    },
    'pool "tank" has ashift 9. Take ashift 12, disks of one size, and raidz of at most 12.',
  ],
  "pcie-width": [
    (site) => {
      const card = server(site).cards.find(({ name }) => name === "qat");
      if (card) card.slot = "slot7";
      server(site).model = "supermicro-x10srl-f";
    },
    'card "qat" of host "router-server" is x16 (assumed), and slot "slot7" is wired x8. Choose a slot with more lanes.',
  ],
  "boot-mirror": [
    (site) => {
      server(site).boot = { layout: "single", disks: ["ssd0"] };
    },
    'host "router-server" starts from one disk. Give it a second disk of the same size, with layout: mirror.',
  ],
  "power-order": [
    (site) => {
      site.power?.start.reverse();
    },
    '"ml110" mounts what it has from "router-server", which is not started before it. Put shelves before their server, and that before those who mount it.',
  ],
  "ups-runtime": [
    (site) => {
      const [ups] = site.power?.ups ?? [];
      if (ups) ups.shutdownAfter = 600_000;
    },
    'UPS "ups1" lasts 1200 s, and all are down after 1260 s. Begin earlier, wait shorter, or take a larger battery.',
  ],
  "scrub-times": [
    (site) => {
      pool(site, "fast").scrub = "Sun 02:00";
    },
    'pools "fast" and "tank" are scrubbed at one time, Sun 02:00. Choose another day for one of them.',
  ],
  "mount-sharing": [
    (site) => {
      site.storage?.mounts[0]?.hosts.push("r630");
    },
    '"fast-nfs" keeps guests of "ml110" and "r630" in dataset "fast/vm-ml110". Give each its own dataset, or make one cluster of them.',
  ],
  "lun-sharing": [
    (site) => {
      site.storage?.iscsi?.targets[0]?.to.push("ml110");
    },
    'target "r630" gives its disks to "r630" and "ml110", which are no cluster. Give each host its own target, or say in "shared" what keeps them apart, e.g. a volume group that one cluster of Proxmox VE locks.',
  ],
  "iscsi-network": [
    (site) => {
      site.networks
        .find(({ name }) => name === "kubernetes")
        ?.allow?.find(({ to }) => to === "storage")
        ?.ports?.push("3000-4000");
    },
    'network "kubernetes" is let to TCP port 3260 of network "storage", where targets are served. Name the ports that are needed, without it: hosts have an address in the storage network.',
  ],
};
