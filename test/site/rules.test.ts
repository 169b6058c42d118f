import { readdirSync, readFileSync } from "node:fs";
import { judge, loadSite, type Site } from "../../site";
import { rules } from "../../site/rules";
import { schemaText } from "../../site/schema-file";
import { hardwareViolations } from "../support/hardware-violations";
import { shareViolations } from "../support/share-violations";

const load = () => loadSite("environments/dev.yaml");
type Part<T> = T extends readonly (infer Item)[] ? Item : never;
const guest = (site: Site, name: string) =>
  site.guests.find((item) => item.name === name) as Part<Site["guests"]>;
const place = (site: Site, name: string) =>
  site.proxmox.hosts.find((item) => item.host === name) as Part<
    Site["proxmox"]["hosts"]
  >;
const machine = (site: Site, name: string) =>
  site.hardware.hosts.find((item) => item.name === name) as Part<
    Site["hardware"]["hosts"]
  >;
const line = (site: Site, index: number) =>
  site.wan?.lines[index] as NonNullable<Site["wan"]>["lines"][number];

/** For each rule a change that breaks it, and what it says then. */
const violations: Record<string, [(site: Site) => void, string]> = {
  ...hardwareViolations,
  ...shareViolations,
  "device-names": [
    (site) => {
      line(site, 0).port = "a-very-long-port";
    },
    'device "a-very-long-port" has 16 characters. Call the device as the router does, with at most 15.',
  ],
  "failover-bound": [
    (site) => {
      line(site, 1).health = { down: 5 };
    },
    'line "spectrum2" may be dead for 35 s before it is given up, and wan.failoverWithin is 30 s. Ping fewer targets, or with shorter time-outs, pauses or rounds.',
  ],
  "line-health": [
    (site) => {
      line(site, 2).health = { reliability: 3 };
    },
    'line "spectrum3" needs 3 answers and pings 2, so it would never be up. Ask for fewer answers, or ping more.',
  ],
  "line-metrics": [
    (site) => {
      line(site, 3).metric = 10;
    },
    'lines "spectrum1" and "spectrum4" have metric 10 both. Give each line another metric; a policy\'s are 1 to 256.',
  ],
  "mwan3-names": [
    (site) => {
      line(site, 0).interface = "spectrum_first";
    },
    'interface "spectrum_first" has 14 characters, and mwan3 takes 13. Choose a shorter name, or another one.',
  ],
  "path-mtu": [
    (site) => {
      const [nic] = guest(site, "k3s").nics;
      if (nic) nic.mtu = 9_000;
    },
    'guest "k3s" has MTU 9000 in network "kubernetes", and the router 1500. Give the router\'s trunk NIC and all guests of its networks one MTU.',
  ],
  "router-names": [
    (site) => {
      const network = site.networks[4];
      if (network) network.name = "application-builds";
    },
    'network "application-builds" is zone "application" of the firewall, as network "application" is. Choose another name.',
  ],
  "wan-rules": [
    (site) => {
      site.wan?.rules.reverse();
    },
    'rule "https" stands behind "rest", which takes everything. Put that one last, or drop this one.',
  ],
  "example-site-id": [
    ({ site }) => {
      site.name = "mine";
    },
    'site "mine" has the id of the example. Make one with uuidgen, once, before anything is made.',
  ],
  "host-cores": [
    (site) => {
      guest(site, "k3s").cores = 80;
    },
    'guest "k3s" has 80 cores, and host "r630" has 40 threads. Give it fewer, or another host.',
  ],
  "host-legs": [
    (site) => {
      delete machine(site, "r630").addresses.storage;
    },
    'host "r630" has no address in network "storage". Give it a static address there.',
  ],
  "host-memory": [
    (site) => {
      guest(site, "k3s").memory = 60 * 2 ** 30;
    },
    'guests of host "r630" take 68 GiB of 64 GiB, and the host needs 4 GiB. Move a guest, or give guests less memory.',
  ],
  "nic-network": [
    (site) => {
      place(site, "ml110").bridges[0]?.networks.splice(2, 1);
    },
    'guest "reverse-proxy" is in network "application", which bridge "vmbr0" of host "ml110" does not carry. Add the network to the bridge\'s networks, or choose another bridge.',
  ],
  recovery: [
    (site) => {
      machine(site, "r630").recoveryPort = "eno1";
    },
    'recovery port eno1 of host "r630" is in bridge "vmbr0". Keep one NIC out of every bridge, or give the management controller\'s address.',
  ],
  "router-disk": [
    (site) => {
      for (const storage of place(site, "router-server").storages)
        storage.medium = "shelf";
    },
    'disk scsi0 of router "openwrt" lies on "local-zfs", which is shelf. Put it on a storage with medium: mirror.',
  ],
  "router-trunk": [
    (site) => {
      guest(site, "openwrt").nics.push({ bridge: "vmbr0", trunk: ["ci"] });
    },
    'router "openwrt" has 2 trunk NICs. Give it one NIC with trunk: and all networks that it routes.',
  ],
  "storage-cluster": [
    (site) => {
      place(site, "router-server").cluster = "all";
    },
    'storage server "router-server" is in cluster "all". Leave it stand-alone.',
  ],
  "pool-quota": [
    (site) => {
      const [dataset] = site.storage?.datasets ?? [];
      if (dataset) dataset.quota = 8 * 2 ** 40;
    },
    'dataset "fast/vm-ml110" may take 8192 GiB, and pool "fast" has 7450 GiB at most. Make the quota smaller, or drop it.',
  ],
  "pool-reservation": [
    (site) => {
      const [first, second] = site.storage?.datasets ?? [];
      if (first) first.reservation = 4 * 2 ** 40;
      if (second) second.volume = 4 * 2 ** 40;
    },
    'reservations and volumes of pool "fast" take 8392 GiB, and it has 7450 GiB at most. Make them smaller, or put some into another pool.',
  ],
  "storage-overcommit": [
    (site) => {
      const storage = place(site, "ml110").storages[1];
      if (storage) Object.assign(storage, { type: "lvmthin", size: 2 ** 35 });
    },
    'disks on storage "local-zfs" of host "ml110" take 70 GiB of 32 GiB. Make disks smaller, or watch how full it gets.',
  ],
  "storage-size": [
    (site) => {
      const [disk] = guest(site, "k3s").disks;
      if (disk) disk.size = 700 * 2 ** 30;
    },
    'disks on storage "local-zfs" of host "r630" take 920 GiB of 800 GiB. Make disks smaller, or put some on another storage.',
  ],
  "tunnel-network": [
    (site) => {
      const [nic] = guest(site, "k3s").nics;
      if (nic) nic.network = "tunnel";
    },
    'guest "k3s" shares network "tunnel" with the tunnel. Put it in a network of its own.',
  ],
  "vlan-aware": [
    (site) => {
      const [bridge] = place(site, "r630").bridges;
      if (bridge) bridge.vlanAware = false;
    },
    'bridge "vmbr0" of host "r630" carries 7 networks and is not VLAN-aware. Set vlanAware: true.',
  ],
};

test.each(rules.map((rule) => [rule.id, rule] as const))(
  "rule %s passes the dev site and finds its violation",
  (id, rule) => {
    const site = load();
    expect(rule.check(site)).toEqual([]);
    const [violate, message] = violations[id] ?? [
      () => undefined,
      "no violation in the table",
    ];
    violate(site);
    expect(judge(site)).toContainEqual(
      expect.objectContaining({ rule: id, severity: rule.severity, message }),
    );
  },
);

test("storage that is just large enough is enough, and is told with its place when it is not", () => {
  const site = load();
  const storage = place(site, "r630").storages[1];
  if (storage) storage.size = 300 * 2 ** 30;
  expect(judge(site)).toEqual([]);
  if (storage) storage.size--;
  expect(judge(site)).toMatchObject([
    { path: ["proxmox", "hosts", 2, "storages", 1, "size"] },
  ]);
});

test("a share counts the guests of all hosts of a cluster, once", () => {
  const site = load();
  const share = (size: number) => ({
    name: "share",
    type: "nfs" as const,
    content: ["images" as const],
    medium: "nfs" as const,
    size: size * 2 ** 30,
  });
  for (const name of ["ml110", "r630"]) {
    place(site, name).cluster = "compute";
    place(site, name).storages.push(share(100));
  }
  for (const name of ["ci-runner", "k3s"]) {
    const [disk] = guest(site, name).disks;
    if (disk) disk.storage = "share";
  }
  expect(judge(site).map(({ message }) => message)).toEqual([
    'disks on storage "share" of host "ml110" take 140 GiB of 100 GiB. Make disks smaller, or watch how full it gets.',
  ]);
  delete place(site, "r630").cluster;
  expect(judge(site)).toEqual([]);
});

test.each(readdirSync("environments").filter((name) => name.endsWith(".yaml")))(
  "environment %s loads and has no finding",
  (name) => {
    expect(judge(loadSite(`environments/${name}`))).toEqual([]);
  },
);

test("the schema for editors is the one of the code", () => {
  expect(readFileSync("environments/site.schema.json", "utf8")).toBe(
    schemaText(),
  );
});

/** Other ways to break the rules about lines; each is one finding. */
