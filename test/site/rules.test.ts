import { readdirSync, readFileSync } from "node:fs";
import { judge, loadSite, type Site } from "../../site";
import { formatPath } from "../../site/problem";
import { rules } from "../../site/rules";
import { schemaText } from "../../site/schema-file";

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
    'line "spectrum3" needs 3 answers and pings 2, so it would never be up. Ping what is far away, like 1.1.1.1, and no more than is asked for.',
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
    'rule "https" stands behind "rest", which takes everything. End with one rule that has neither from, to, protocol nor ports; give ports a protocol, and split long lists.',
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
    'guest "k3s" has 80 cores, and host "r630" has 24. Give it fewer, or another host.',
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
test.each<[string, (site: Site) => void, string, string]>([
  [
    "a target in the provider's network",
    (site) => {
      Object.assign(line(site, 0), {
        protocol: "static",
        address: "203.0.113.2/29",
        gateway: "203.0.113.1",
        health: { targets: ["203.0.113.5", "1.1.1.1"] },
      });
    },
    "wan.lines[0].health.targets[0]",
    'line "spectrum1" pings 203.0.113.5, which is in its provider\'s own network',
  ],
  [
    "the modem as a target",
    (site) => {
      line(site, 0).health = { targets: ["192.168.100.1"] };
    },
    "wan.lines[0].health.targets[0]",
    'line "spectrum1" pings 192.168.100.1, which is the modem\'s own address',
  ],
  [
    "a private target",
    (site) => {
      line(site, 0).health = { targets: ["10.0.0.1"] };
    },
    "wan.lines[0].health.targets[0]",
    "which is no address of the internet",
  ],
  [
    "a policy's metric above mwan3's",
    (site) => {
      const first = site.wan?.policies[0]?.lines[0];
      if (first) first.metric = 257;
    },
    "wan.policies[0].lines[0].metric",
    'policy "balanced" gives line "spectrum1" the metric 257',
  ],
  [
    "a rule and a policy of one name",
    (site) => {
      const rule = site.wan?.rules[0];
      if (rule) rule.name = "steady";
    },
    "wan.rules[0].name",
    'rule "steady" is called as policy "steady" is',
  ],
  [
    "a long name of a policy",
    (site) => {
      site.wan?.policies.push({
        name: "more-than-fifteen",
        lines: [{ line: "spectrum1" }],
        lastResort: "unreachable",
      });
    },
    "wan.policies[2].name",
    'policy "more_than_fifteen" has 17 characters, and mwan3 takes 15',
  ],
  [
    "members of two lines that are one when they are cut",
    (site) => {
      line(site, 0).interface = "spectrum_one";
      line(site, 1).interface = "spectrum_two";
    },
    "wan.lines[1].interface",
    'member "spectrum__m1_w1" is called as member "spectrum__m1_w1" of "spectrum_one" is',
  ],
  [
    "a line's IPv6 with a long name",
    (site) => {
      if (site.wan)
        site.wan.ipv6 = {
          ula: "fd12:3456:789a::/48",
          translate: "masq6",
          targets: ["2606:4700:4700::1111"],
        };
      line(site, 0).interface = "spectrum_one";
    },
    "wan.lines[0].interface",
    'interface "spectrum_one_6" has 14 characters, and mwan3 takes 13',
  ],
  [
    "more answers than a line's IPv6 has targets",
    (site) => {
      if (site.wan) {
        site.wan.health.reliability = 2;
        site.wan.lines.splice(1);
        site.wan.policies = [
          {
            name: "balanced",
            lines: [{ line: "spectrum1" }],
            lastResort: "unreachable",
          },
        ];
        for (const network of site.networks) delete network.wan;
        site.wan.ipv6 = {
          ula: "fd12:3456:789a::/48",
          translate: "masq6",
          targets: ["2606:4700:4700::1111"],
        };
      }
    },
    "wan.health.reliability",
    'line "spectrum1" needs 2 answers and pings 1, so it would never be up',
  ],
  [
    "a long name for a session's device",
    (site) => {
      const { name, port, metric, weight } = line(site, 0);
      if (site.wan)
        site.wan.lines[0] = {
          name,
          port,
          metric,
          weight,
          interface: "spectrum1x",
          protocol: "pppoe",
          username: "us",
        };
    },
    "wan.lines[0].interface",
    'device "pppoe-spectrum1x" has 16 characters',
  ],
  [
    "more ports than multiport takes",
    (site) => {
      const rule = site.wan?.rules[0];
      if (rule) rule.ports = [...Array(14).keys(), "100-200"];
    },
    "wan.rules[0].ports",
    'rule "https" takes 16 places for ports',
  ],
  [
    "a network called as a line's interface",
    (site) => {
      line(site, 0).interface = "storage";
    },
    "wan.lines[0].interface",
    'interface "storage" is called as network "storage" is',
  ],
  [
    "a network called as the router's own",
    (site) => {
      line(site, 0).interface = "loopback";
    },
    "wan.lines[0].interface",
    'interface "loopback" is "loopback" on the router, where that is something else',
  ],
  [
    "no rule for the rest",
    (site) => {
      site.wan?.rules.pop();
    },
    "wan.rules",
    "no rule takes what the others leave",
  ],
  [
    "ports without a protocol",
    (site) => {
      const rule = site.wan?.rules[0];
      if (rule) rule.protocol = "any";
    },
    "wan.rules[0].ports",
    'rule "https" has ports with protocol any',
  ],
  [
    "ports of what may be reached, with ICMP",
    (site) => {
      const allow = site.networks[2]?.allow?.[0];
      if (allow) allow.protocol = "icmp";
    },
    "networks[2].allow[0].ports",
    'what network "application" may reach in "storage" has ports with protocol icmp',
  ],
])("%s is found at its place", (_what, change, at, message) => {
  const site = load();
  change(site);
  const found = judge(site).filter(({ severity }) => severity === "error");
  expect(found.map(({ path }) => formatPath(path))).toEqual([at]);
  expect(found[0]?.message).toContain(message);
});
