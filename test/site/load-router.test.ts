import { readFileSync } from "node:fs";
import { problems } from "../support/manifest-problems";

const dev = readFileSync("environments/dev.yaml", "utf8");

/** A change of the dev manifest, by text, and what the loader says of it. */
const cases: [string, string | RegExp, string, string][] = [
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
    "must say something, in 1 to 80 plain characters without quotes and backslashes",
  ],
  [
    "a reason that says nothing",
    "reason: Deployments",
    'reason: " "',
    "must say something, in 1 to 80 plain characters without quotes and backslashes, correct the value\n  at networks[4].allow[1].reason",
  ],
  [
    "a target that is there twice",
    "targets: [1.1.1.1, 8.8.8.8]",
    "targets: [1.1.1.1, 1.1.1.1]",
    "x target 1.1.1.1 is there twice, and stands in for nothing, drop it or write another\n  at wan.health.targets[1]",
  ],
  [
    "a line's target that is there twice",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: dhcp, health: { targets: [9.9.9.9, 8.8.8.8, 9.9.9.9] }",
    "x target 9.9.9.9 is there twice, and stands in for nothing, drop it or write another\n  at wan.lines[1].health.targets[2]",
  ],
  [
    "a target of IPv6 that is written in two ways",
    "ipv6: off",
    'ipv6: { ula: "fd12:3456:789a::/48", translate: masq6, targets: ["2620:fe::fe", "2620:fe:0::fe"] }',
    "x target 2620:fe:0::fe is there twice",
  ],
  [
    "a resolver that is there twice",
    "dns: [1.1.1.1, 9.9.9.9]",
    "dns: [1.1.1.1, 1.1.1.1]",
    "x resolver 1.1.1.1 is there twice",
  ],
  [
    "a line where a policy is meant",
    "wan: steady",
    "wan: spectrum4",
    'x "spectrum4" is a line and no policy, write { only: spectrum4 } for that line alone\n  at networks[6].wan',
  ],
  [
    "a misspelt confinement",
    "wan: { only: spectrum4 }",
    "wan: { onyl: spectrum4 }",
    'site.yaml: 1 problem\nx "onyl" is no key here, did you mean "only"?\n  at networks[4].wan.onyl',
  ],
  [
    "a port in quotes",
    "ports: [6443], reason: Deployments",
    'ports: ["6443"], reason: Deployments',
    'x "6443" is a text, write 6443 without the quotes, correct the value\n  at networks[4].allow[1].ports[0]',
  ],
  [
    "a PPPoE line with its password",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: pppoe, username: us, password: secret",
    'x "password" is no key here, it is a secret of the stack: drop it here, and pulumi config set --secret --path hybrid-site:credentials.openwrt.openwrt.pppoe.spectrum2\n  at wan.lines[1].password',
  ],
  [
    "a protocol's key at a line of another one",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: dhcp, username: us",
    'x "username" is no key here, known are name, interface',
  ],
  [
    "a misspelt protocol of a line",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: dhpc",
    'x "dhpc" is not allowed, did you mean "dhcp"?\n  at wan.lines[1].protocol',
  ],
  [
    "a port out of range",
    "ports: [6443], reason: Deployments",
    "ports: [644300], reason: Deployments",
    'x 644300 is too large, write at most 65535 for "ports[0]"\n  at networks[4].allow[1].ports[0]',
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
    "a rule for a network that has a policy of its own",
    "{ name: https,",
    "{ name: https, from: ci,",
    'x network "ci" has "wan" for all its traffic, and this rule is never reached, drop one of them\n  at wan.rules[0]',
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
    "a static line inside a network of the site",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: static, address: 10.10.30.5/30, gateway: 10.10.30.6",
    'x 10.10.30.5/30 of line "spectrum2" overlaps 10.10.30.0/24 of network "application", write what the provider has given, or choose another range there\n  at wan.lines[1].address (line ',
  ],
  [
    "a static line around a network of the site",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: static, address: 10.10.200.5/16, gateway: 10.10.200.1",
    'x 10.10.200.5/16 of line "spectrum2" overlaps 10.10.10.0/24 of network "management"',
  ],
  [
    "a static line whose gateway is the router itself",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: static, address: 10.10.30.5/24, gateway: 10.10.30.1",
    "x gateway 10.10.30.1 is the router's own address in network \"application\", write the provider's\n  at wan.lines[1].gateway",
  ],
  [
    "a static line whose gateway is another line's own address",
    /interface: wan1, port: eth1, protocol: dhcp([^\0]*)port: eth2, protocol: dhcp/,
    "interface: wan1, port: eth1, protocol: static, address: 203.0.113.2/29, gateway: 203.0.113.1$1port: eth2, protocol: static, address: 203.0.113.3/29, gateway: 203.0.113.2",
    "x gateway 203.0.113.2 is the router's own address on line \"spectrum1\", write the provider's\n  at wan.lines[1].gateway",
  ],
  [
    "two static lines in one net",
    /interface: wan1, port: eth1, protocol: dhcp([^\0]*)port: eth2, protocol: dhcp/,
    "interface: wan1, port: eth1, protocol: static, address: 203.0.113.2/29, gateway: 203.0.113.1$1port: eth2, protocol: static, address: 203.0.113.3/29, gateway: 203.0.113.1",
    'x 203.0.113.3/29 of line "spectrum2" overlaps 203.0.113.2/29 of line "spectrum1", and the router has one route to a network, correct one of them\n  at wan.lines[1].address',
  ],
  [
    "a static line with its net's last address",
    "port: eth2, protocol: dhcp",
    "port: eth2, protocol: static, address: 203.0.113.2/30, gateway: 203.0.113.3",
    "x 203.0.113.3 is the first or last address of its net, which no machine can have, choose another\n  at wan.lines[1].gateway",
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
    "x the trunk is eth0, and macs has the MAC of its NIC under eth9, correct one of them\n  at router.trunk",
  ],
  [
    "a trunk that macs knows under its old name",
    "trunk: eth0",
    "trunk: eth9",
    "site.yaml: 1 problem\nx the trunk is eth9, and macs has the MAC of its NIC under eth0, correct one of them\n  at router.trunk",
  ],
  [
    "a MAC of a device that nothing uses, beside the trunk's",
    'macs: { eth0: "BC:24:11:0A:0A:01" }',
    'macs: { eth0: "BC:24:11:0A:0A:01", eth8: "BC:24:11:0A:0A:08" }',
    'x there is no device "eth8" in use, did you mean "eth0"?',
  ],
  [
    "lines without a router",
    /\nrouter:\n( .*\n)+/.exec(dev)?.[0] ?? "",
    "\n",
    'x "wan" is nothing without "router", add it\n  at wan (line ',
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
