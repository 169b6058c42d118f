import { readFileSync } from "node:fs";
import { type ManifestError, parseSite } from "../../site";

const dev = readFileSync("environments/dev.yaml", "utf8");

function problems(text: string): string {
  try {
    parseSite(text, "site.yaml");
    return "";
  } catch (error) {
    return (error as ManifestError).message;
  }
}

/** A change of the dev manifest, by text, and what the loader says of it. */
const cases: [string, string | RegExp, string, string][] = [
  [
    "an unknown key",
    "memory: 1GiB",
    "memroy: 1GiB",
    'x "memroy" is no key here, did you mean "memory"?\n  at guests[0].memroy (line ',
  ],
  [
    "a missing key",
    "    cores: 4\n    memory: 1GiB",
    "    memory: 1GiB",
    'x "cores" is missing, add it (number)\n  at guests[0].cores (line ',
  ],
  [
    "a wrong unit",
    "memory: 1GiB",
    "memory: 1GB",
    'x "1GB" is no size, write a number and one of MiB, GiB, TiB, like 20GiB, correct the value\n  at guests[0].memory (line ',
  ],
  [
    "a word that is not allowed",
    "role: router\n",
    "role: ruoter\n",
    'x "ruoter" is not allowed, did you mean "router"?\n  at guests[0].role (line ',
  ],
  [
    "a duplicate guest",
    "- name: tunnel\n    host",
    "- name: openwrt\n    host",
    'x guest name "openwrt" is used twice, give each its own\n  at guests[1].name (line ',
  ],
  [
    "a duplicate VLAN",
    "vlan: 50",
    "vlan: 40",
    'x VLAN id "40" is used twice, give each its own\n  at networks[4].vlan (line ',
  ],
  [
    "a VLAN id out of range",
    "vlan: 50",
    "vlan: 5000",
    "at networks[4].vlan (line ",
  ],
  [
    "a dangling network",
    "network: ci,",
    "network: cii,",
    'x there is no network "cii", did you mean "ci"?\n  at guests[3].nics[0].network (line ',
  ],
  [
    "a dangling image",
    "image: openwrt-24.10",
    "image: openwrt-24.1x",
    'x there is no image "openwrt-24.1x", did you mean "openwrt-24.10"?\n  at guests[0].image (line ',
  ],
  [
    "a dangling host",
    "    host: r630\n    image",
    "    host: r640\n    image",
    'x there is no Proxmox host "r640", did you mean "r630"?',
  ],
  [
    "a dangling storage",
    "disks: [{ slot: scsi0, storage: local-zfs, size: 80GiB",
    "disks: [{ slot: scsi0, storage: locl-zfs, size: 80GiB",
    'x there is no storage on host "r630" called "locl-zfs", did you mean "local-zfs"?',
  ],
  [
    "a dangling bridge",
    "nics: [{ bridge: vmbr0, network: kubernetes",
    "nics: [{ bridge: vmbr1, network: kubernetes",
    'called "vmbr1", did you mean "vmbr0"?',
  ],
  [
    "overlapping networks",
    "cidr: 10.10.50.0/24",
    "cidr: 10.10.0.0/16",
    'x 10.10.0.0/16 overlaps 10.10.10.0/24 of network "management", choose another range\n  at networks[4].cidr',
  ],
  [
    "a network with host bits",
    "cidr: 10.10.50.0/24",
    "cidr: 10.10.50.1/24",
    'x "10.10.50.1/24" is no IPv4 network',
  ],
  [
    "an address outside its VLAN",
    "address: 10.10.99.10",
    "address: 10.10.98.10",
    'x 10.10.98.10 is outside 10.10.99.0/24 of network "tunnel", choose one inside\n  at guests[1].nics[0].address',
  ],
  [
    "an address used twice",
    "address: 10.10.99.10",
    "address: 10.10.99.1",
    "x 10.10.99.1 is used twice, give each its own",
  ],
  [
    "a broadcast address",
    "address: 10.10.99.10",
    "address: 10.10.99.255",
    "x 10.10.99.255 is the first or last address of 10.10.99.0/24",
  ],
  [
    "no address",
    "address: 10.10.99.10",
    "address: here",
    "at guests[1].nics[0].address",
  ],
  [
    "a disk slot used twice",
    "slot: scsi1,",
    "slot: scsi0,",
    'x disk slot "scsi0" is used twice',
  ],
  [
    "a download without checksum",
    /\n {6}checksum: \S+/.exec(dev)?.[0] ?? "",
    "",
    "x a download needs both url and checksum, add the other or drop both\n  at proxmox.images[0]",
  ],
  [
    "a NIC in a network and a trunk",
    "nics: [{ bridge: vmbr0, network: ci,",
    "nics: [{ bridge: vmbr0, network: ci, trunk: [storage],",
    "x a NIC is in one network or carries a trunk",
  ],
  [
    "ids the wrong way round",
    "{ from: 1000, to: 1999 }",
    "{ from: 2000, to: 1999 }",
    "x vmIds go from 2000 down to 1999, swap them",
  ],
  [
    "a gateway outside its network",
    "gateway: 10.10.50.1",
    "gateway: 10.10.51.1",
    'x 10.10.51.1 is outside 10.10.50.0/24 of network "ci", choose one inside\n  at networks[4].gateway',
  ],
  [
    "an address given away outside the network",
    "to: 10.10.50.199",
    "to: 10.10.50.255",
    'x 10.10.50.255 is no address for a machine in 10.10.50.0/24 of network "ci", choose another\n  at networks[4].dhcp.to',
  ],
  [
    "addresses given away the wrong way round",
    "to: 10.10.50.199",
    "to: 10.10.50.99",
    "x addresses go from 10.10.50.100 down to 10.10.50.99, swap them\n  at networks[4].dhcp",
  ],
  [
    "a guest's own address that is given away",
    "from: 10.10.60.100",
    "from: 10.10.60.10",
    'x 10.10.60.10 of guest "k3s" would be given away a second time, leave it out of dhcp\n  at networks[5].dhcp',
  ],
  [
    "a management controller's address that is given away",
    "from: 10.10.10.200",
    "from: 10.10.10.112",
    'x 10.10.10.112 of host "r630" would be given away a second time',
  ],
  [
    "a lease of seconds",
    "lease: 1h",
    "lease: 90s",
    "dnsmasq takes whole minutes, and at least two, correct the value\n  at networks[4].dhcp.lease",
  ],
  [
    "a policy that is not there",
    "wan: steady",
    "wan: stady",
    'x there is no policy "stady", did you mean "steady"?\n  at networks[6].wan',
  ],
  [
    "a confinement to no line",
    "only: spectrum4",
    "only: spectrum5",
    'x there is no line "spectrum5", did you mean',
  ],
  [
    "a wan that is neither",
    "wan: steady",
    "wan: 3",
    'is neither a policy of wan.policies nor "only:" with a line, correct the value\n  at networks[6].wan',
  ],
  [
    "a way to the internet that nothing may take",
    "{ to: internet, protocol: any, reason: Packages and sources }",
    "{ to: monitoring, protocol: icmp, reason: Packages and sources }",
    'x "wan" says how network "ci" reaches the internet, and "allow" does not let it, add that or drop "wan"\n  at networks[4].wan',
  ],
  [
    "an allowance to no network",
    "to: kubernetes, protocol: tcp, ports: [6443]",
    "to: kubernets, protocol: tcp, ports: [6443]",
    'x there is no network "kubernets", did you mean "kubernetes"?\n  at networks[4].allow[1].to',
  ],
  [
    "an allowance to the network itself",
    "to: kubernetes, protocol: tcp, ports: [6443]",
    "to: ci, protocol: tcp, ports: [6443]",
    'x what stays in network "ci" does not pass the router, drop it',
  ],
  [
    "an allowance that is there twice",
    "to: internet, protocol: udp, ports: [7844]",
    "to: internet, protocol: tcp, ports: [443, 7844]",
    'x allowance "internet tcp 443 7844" is used twice, give each its own\n  at networks[6].allow[1].to',
  ],
  [
    "an allowance to a network that the router is not in",
    ", gateway: 10.10.20.1",
    "",
    'x the router has no address in network "storage" and leads nowhere there, give it a gateway',
  ],
  [
    "a wish of a network that the router is not in",
    "    gateway: 10.10.60.1\n",
    "",
    'x "dhcp" is done by the router, and network "kubernetes" has no gateway, add it or drop "dhcp"\n  at networks[5].dhcp',
  ],
  [
    "a reason with a quotation mark",
    "reason: Deployments",
    "reason: 'the \"deploy\" job'",
    "must be 1 to 80 plain characters, without quotes and backslashes",
  ],
  [
    "a port out of range",
    "ports: [6443], reason: Deployments",
    "ports: [644300], reason: Deployments",
    'x 644300 is too large, write at most 65535 for "0"\n  at networks[4].allow[1].ports[0]',
  ],
  [
    "a network called internet",
    "- name: ci\n    vlan",
    "- name: internet\n    vlan",
    'x "internet" means the lines, choose another name\n  at networks[4].name',
  ],
  [
    "an interface used twice",
    "interface: wan2",
    "interface: wan1",
    'x interface "wan1" is used twice, give each its own\n  at wan.lines[1].interface',
  ],
  [
    "a port used twice",
    "port: eth2",
    "port: eth1",
    'x port "eth1" is used twice, give each its own\n  at wan.lines[1].port',
  ],
  [
    "the trunk as a line's port",
    "port: eth2",
    "port: eth0",
    'x eth0 is the port of line "spectrum2" too, correct one of them\n  at router.trunk',
  ],
  [
    "a policy of a line that is not there",
    "{ line: spectrum2 }",
    "{ line: spectrm2 }",
    'x there is no line "spectrm2", did you mean "spectrum2"?\n  at wan.policies[0].lines[1].line',
  ],
  [
    "a rule with a policy that is not there",
    "{ name: rest, policy: balanced }",
    "{ name: rest, policy: balance }",
    'x there is no policy "balance", did you mean "balanced"?\n  at wan.rules[1].policy',
  ],
  [
    "a rule for a network that is not there",
    "{ name: https,",
    "{ name: https, from: cii,",
    'x there is no network with a gateway "cii", did you mean "ci"?\n  at wan.rules[0].from',
  ],
  [
    "half seconds of a health check",
    "timeout: 1s",
    "timeout: 1500ms",
    "mwan3 counts whole seconds, correct the value\n  at wan.health.timeout",
  ],
  [
    "a static line with a gateway elsewhere",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: static, address: 203.0.113.2/30, gateway: 203.0.113.9",
    "x gateway 203.0.113.9 is no neighbour of 203.0.113.2/30, correct one of them\n  at wan.lines[1].gateway",
  ],
  [
    "a PPPoE line without a user",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: pppoe",
    'x "username" is missing, add it (string)\n  at wan.lines[1].username',
  ],
  [
    "no decision on IPv6",
    "ipv6: off",
    "ipv6: on",
    'is no decision, write "off", or ula, translate: masq6 and targets',
  ],
  [
    "a public prefix for own addresses",
    "ipv6: off",
    'ipv6: { ula: "2001:db8::/48", translate: masq6, targets: ["2606:4700:4700::1111"] }',
    "at wan.ipv6",
  ],
  [
    "a router that is no guest",
    "  guest: openwrt\n",
    "  guest: openwrd\n",
    'x there is no guest with role: router called "openwrd", did you mean "openwrt"?\n  at router.guest',
  ],
  [
    "a management network that is not there",
    "  management: management\n",
    "  management: managment\n",
    'x there is no network with a gateway called "managment", did you mean "management"?\n  at router.management',
  ],
  [
    "a network that the router's trunk does not carry",
    "        trunk: [management, storage, application, ",
    "        trunk: [management, application, ",
    'x network "storage" has a gateway, and the trunk of router "openwrt" does not carry it, add it there\n  at guests[0].nics',
  ],
  [
    "a MAC that the guest does not have",
    'macs: { eth0: "BC:24:11:0A:0A:01" }',
    'macs: { eth0: "BC:24:11:0A:0A:02" }',
    'x eth0 has MAC BC:24:11:0A:0A:02 here and BC:24:11:0A:0A:01 at guest "openwrt", correct one of them\n  at router.macs',
  ],
  [
    "a MAC of a device that nothing uses",
    'macs: { eth0: "BC:24:11:0A:0A:01" }',
    'macs: { eth9: "BC:24:11:0A:0A:01" }',
    'x there is no device "eth9" in use, did you mean "eth0"?',
  ],
  [
    "lines without a router",
    /\nrouter:\n( .*\n)+/.exec(dev)?.[0] ?? "",
    "\n",
    'x "wan" is nothing without "router", add it\n  at wan (line ',
  ],
  ["broken YAML", "guests:", "guests: [", "correct the YAML"],
  [
    "a key used twice",
    "  name: dev\n",
    "  name: dev\n  name: prod\n",
    "Map keys must be unique",
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

test("all problems are told at once, of form and of reference, by line", () => {
  const text = dev
    .replace("memory: 1GiB", "memroy: 1GiB")
    .replace("vlan: 50", "vlan: 40")
    .replace("network: ci,", "network: cii,");
  const message = problems(text);
  expect(message.split("\n")[0]).toBe("site.yaml: 3 problems");
  const lines = [...message.matchAll(/\(line (\d+)\)/g)].map(([, line]) =>
    Number(line),
  );
  expect(lines).toEqual([...lines].sort((left, right) => left - right));
});

test.each<[string, (text: string) => string, string[]]>([
  [
    "a tab",
    (text) => text.replace("    cores: 4\n", "\tcores: 4\n"),
    ["Tabs are not allowed as indentation"],
  ],
  [
    "a tab on each of two lines",
    (text) =>
      text
        .replace("    cores: 4\n", "\tcores: 4\n")
        .replace("    memory: 1GiB\n", "\tmemory: 1GiB\n"),
    [
      "Tabs are not allowed as indentation",
      "Tabs are not allowed as indentation",
    ],
  ],
  [
    "a bracket that is not closed",
    (text) => text.replace("guests:", "guests: ["),
    ["Block collections are not allowed within flow collections"],
  ],
  [
    "two keys that are used twice, and a tab",
    (text) =>
      text
        .replace("  name: dev\n", "  name: dev\n  name: prod\n")
        .replace("    vlan: 50\n", "    vlan: 50\n    vlan: 51\n")
        .replace("    cores: 4\n", "\tcores: 4\n"),
    [
      "Map keys must be unique",
      "Map keys must be unique",
      "Tabs are not allowed as indentation",
    ],
  ],
])("%s is told once, and not what follows from it", (_what, change, causes) => {
  const told = problems(change(dev)).split("\n");
  expect(told.filter((line) => line.startsWith("x "))).toEqual(
    causes.map((cause) => `x ${cause}, correct the YAML`),
  );
});

test.each([
  ["an empty file", ""],
  ["a list", "- a"],
  ["a text", "hello"],
])("%s is no manifest, and says what one has", (_what, text) => {
  expect(problems(text)).toMatch(/^site\.yaml: \d+ problem/);
});

test("a file that is not there is told with its cause", () => {
  const { loadSite } =
    jest.requireActual<typeof import("../../site")>("../../site");
  expect(() => loadSite("environments/gone.yaml")).toThrow(
    "environments/gone.yaml: 1 problem\nx cannot be read (ENOENT), check hybrid-site:manifest",
  );
});
