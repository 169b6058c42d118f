import { judge, loadSite, type Site } from "../../site";
import { formatPath } from "../../site/problem";

const load = () => loadSite("environments/dev.yaml");
const line = (site: Site, index: number) => {
  const found = site.wan?.lines[index];
  if (!found) throw new Error(`no line ${index}`);
  return found;
};

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
    "a target of all lines that is near to each",
    (site) => {
      if (site.wan) site.wan.health.targets = ["1.1.1.1", "192.168.100.1"];
    },
    "wan.health.targets[1]",
    'lines "spectrum1", "spectrum2", "spectrum3" and "spectrum4" ping 192.168.100.1, which is the modem\'s own address. Ping what is far away, like 8.8.8.8.',
  ],
  [
    "a target in the network of a provider who has a well-known one",
    (site) => {
      Object.assign(line(site, 0), {
        protocol: "static",
        address: "1.1.1.2/24",
        gateway: "1.1.1.254",
        health: { targets: ["1.1.1.1"] },
      });
    },
    "wan.lines[0].health.targets[0]",
    'line "spectrum1" pings 1.1.1.1, which is in its provider\'s own network. Ping what is far away, like 8.8.8.8.',
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
    "a target of IPv6 that is the site's own",
    (site) => {
      if (site.wan)
        site.wan.ipv6 = {
          ula: "fd12:3456:789a::/48",
          translate: "masq6",
          targets: ["2606:4700:4700::1111", "fd12:3456:789a:a::1"],
        };
    },
    "wan.ipv6.targets[1]",
    "the lines ping fd12:3456:789a:a::1, which is no address of the internet",
  ],
  [
    "more answers than a line has targets, of which one is written twice",
    (site) => {
      line(site, 0).health = {
        targets: ["1.1.1.1", "1.1.1.1"],
        reliability: 2,
      };
    },
    "wan.lines[0].health.reliability",
    'line "spectrum1" needs 2 answers and pings 1, so it would never be up',
  ],
  ...["br-lan", "br-lan.10", "eth0.10"].map(
    (port): [string, (site: Site) => void, string, string] => [
      `a line on ${port}`,
      (site) => {
        line(site, 0).port = port;
      },
      "wan.lines[0].port",
      `port "${port}" of line "spectrum1" is where the site's own networks are`,
    ],
  ),
  [
    "a trunk that is its own bridge",
    (site) => {
      if (site.router) site.router.trunk = "br-lan";
    },
    "router.trunk",
    'trunk "br-lan" is where the site\'s own networks are',
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
    "a guest called as a host in one network",
    (site) => {
      const guest = site.guests.find(({ name }) => name === "k3s");
      if (guest) {
        guest.name = "r630";
        guest.nics = [
          { bridge: "vmbr0", network: "management", address: "10.10.10.77" },
        ];
      }
    },
    "networks",
    'two sections of dhcp would be called "name_r630_management"',
  ],
  [
    "ways between networks that are called the same",
    (site) => {
      const wanted = { protocol: "tcp" as const, ports: [80], reason: "test" };
      const names = ["ci-x", "y", "x-y"];
      for (const [index, name] of names.entries())
        site.networks.push({
          name,
          vlan: 70 + index,
          cidr: `10.10.${70 + index}.0/24`,
          gateway: `10.10.${70 + index}.1`,
        });
      for (const [from, to] of [
        ["ci", "x-y"],
        ["ci-x", "y"],
      ] as const) {
        const network = site.networks.find(({ name }) => name === from);
        if (network)
          network.allow = [...(network.allow ?? []), { to, ...wanted }];
      }
    },
    "networks",
    'two sections of firewall would be called "allow_ci_x_y_tcp_80"',
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
    'rule "https" has ports with protocol any. Say protocol: tcp or udp, or drop the ports.',
  ],
  [
    "ports of what may be reached, with ICMP",
    (site) => {
      const allow = site.networks[3]?.allow?.[0];
      if (allow) allow.protocol = "icmp";
    },
    "networks[3].allow[0].ports",
    'what network "monitoring" may reach in "management" has ports with protocol icmp. Say protocol: tcp or udp, or drop the ports.',
  ],
])("%s is found at its place", (_what, change, at, message) => {
  const site = load();
  change(site);
  const found = judge(site).filter(({ severity }) => severity === "error");
  expect(found.map(({ path }) => formatPath(path))).toEqual([at]);
  expect(found[0]?.message).toContain(message);
});
