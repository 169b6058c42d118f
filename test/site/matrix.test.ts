import fc from "fast-check";
import { isRouted, loadSite } from "../../site";
import { differences, flowsOf, matrixTable } from "../../site/matrix";
import { Firewall } from "../../site/matrix/evaluate";
import { deriveRouter, type RoutedSite, type Section } from "../../site/uci";

const load = (): RoutedSite => {
  const site = loadSite("environments/dev.yaml");
  if (!isRouted(site)) throw new Error("the dev site has no router");
  return site;
};
const networkOf = (site: RoutedSite, name: string) => {
  const found = site.networks.find((item) => item.name === name);
  if (!found) throw new Error(`no network ${name}`);
  return found;
};

test("the dev site's firewall does what its manifest says, for every flow", () => {
  const site = load();
  expect([...flowsOf(site)].length).toBeGreaterThan(10_000);
  expect(differences(site)).toEqual([]);
});

test.each<
  [
    string,
    (
      firewall: ReturnType<typeof deriveRouter>["firewall"],
      files: ReturnType<typeof deriveRouter>,
    ) => void,
    RegExp,
  ]
>([
  [
    "a zone that lets everything in",
    (firewall) => {
      const zone = firewall.find(({ section }) => section === "zone_ci");
      if (zone) zone.options.input = "ACCEPT";
    },
    /ipv4 tcp 22 from ci to the router's 10\.10\.\d+\.1 passes/,
  ],
  [
    "a rule whose ports were lost",
    (firewall) => {
      const rule = firewall.find(({ section }) =>
        section.startsWith("allow_tunnel_management"),
      );
      delete rule?.options.dest_port;
    },
    /from tunnel to management passes, and should not/,
  ],
  [
    "a forwarding to another line",
    (firewall) => {
      firewall.push({
        section: "extra",
        type: "forwarding",
        options: { src: "ci", dest: "wan1", family: "ipv4" },
      });
    },
    /from ci to wan1 passes, and should not/,
  ],
  [
    "a rule that is missing",
    (firewall) => {
      firewall.splice(
        firewall.findIndex(({ section }) =>
          section.startsWith("allow_ci_kubernetes"),
        ),
        1,
      );
    },
    /tcp 6443 from ci to kubernetes is refused, and should not be/,
  ],
  [
    "a rule whose protocol was lost, which fw4 takes as TCP and UDP",
    (firewall) => {
      const rule = firewall.find(({ section }) =>
        section.startsWith("allow_tunnel_management"),
      );
      delete rule?.options.proto;
    },
    /ipv4 udp 8006 from tunnel to management passes, and should not/,
  ],
  [
    "a rule for strangers that choose their port",
    (firewall) => {
      firewall.push({
        section: "extra",
        type: "rule",
        options: {
          src: "wan1",
          proto: ["tcp"],
          src_port: ["1024-65535"],
          dest_port: ["22"],
          target: "ACCEPT",
        },
      });
    },
    /ipv4 tcp 22 from wan1 to the router's 10\.10\.10\.1 passes, and should not/,
  ],
  [
    "a rule for all protocols, which fw4 takes for all ports as well",
    (firewall) => {
      const rule = firewall.find(({ section }) =>
        section.startsWith("allow_ci_kubernetes"),
      );
      if (rule) rule.options.proto = ["all"];
    },
    /ipv4 tcp 80 from ci to kubernetes passes(.*\n)+.*ipv4 gre from ci to kubernetes passes/,
  ],
  [
    "a policy that takes a line which the firewall refuses",
    (_firewall, { mwan3 }) => {
      const policy = mwan3.find(({ section }) => section === "only_wan4");
      if (policy) policy.options.use_member = ["wan1_m1_w1", "wan4_m1_w1"];
    },
    /mwan3 sends ipv4 from ci to wan1, and the firewall refuses it there/,
  ],
  [
    "a policy that leaves the rest to the main table",
    (_firewall, { mwan3 }) => {
      const policy = mwan3.find(({ section }) => section === "only_wan4");
      if (policy) policy.options.last_resort = "default";
    },
    /mwan3 sends ipv4 from ci to wan2, and the firewall refuses it there/,
  ],
  [
    "a rule that comes before the confinement",
    (_firewall, { mwan3 }) => {
      const rules = mwan3.findIndex(({ type }) => type === "rule");
      mwan3.splice(rules, 0, ...mwan3.splice(mwan3.length - 1, 1));
    },
    /mwan3 sends ipv4 from ci to wan1, and the firewall refuses it there/,
  ],
  [
    "a forwarding that mwan3 never uses",
    (firewall) => {
      firewall.push({
        section: "extra",
        type: "forwarding",
        options: { src: "ci", dest: "wan1", family: "ipv4" },
      });
    },
    /the firewall lets ipv4 from ci out by wan1, which mwan3 never takes for it/,
  ],
  [
    "a zone with another network's VLAN",
    (_firewall, { network }) => {
      const ci = network.find(
        ({ type, section }) => type === "interface" && section === "ci",
      );
      if (ci) ci.options.device = "br-lan.10";
    },
    /zone ci has br-lan\.10, and should have br-lan\.50/,
  ],
  [
    "a rule of both families where there is one only",
    (firewall) => {
      const rule = firewall.find(({ section }) =>
        section.startsWith("allow_ci_kubernetes"),
      );
      if (rule) rule.options.family = "any";
    },
    /ipv6 tcp 6443 from ci to kubernetes passes/,
  ],
  [
    "a rule within a range that is let through",
    (firewall) => {
      const allowed = firewall.find(({ section }) =>
        section.startsWith("allow_ci_kubernetes"),
      );
      if (allowed) allowed.options.dest_port = ["6443", "40000-40009"];
    },
    /ipv4 tcp 40000-40009 from ci to kubernetes passes, and should not/,
  ],
])("%s is seen", (_what, bend, expected) => {
  const site = load();
  const files = deriveRouter(site);
  bend(files.firewall, files);
  expect(differences(site, files).join("\n")).toMatch(expected);
});

test("whatever networks may reach, the firewall does just that", () => {
  const names = load().networks.map(({ name }) => name);
  const ports = fc.oneof(
    fc.integer({ min: 1, max: 65_535 }),
    fc
      .tuple(
        fc.integer({ min: 1, max: 30_000 }),
        fc.integer({ min: 1, max: 30_000 }),
      )
      .map(([from, length]) => `${from}-${from + length}`),
  );
  const allow = fc.record({
    from: fc.constantFrom(...names),
    to: fc.constantFrom(...names, "internet"),
    protocol: fc.constantFrom(
      "tcp" as const,
      "udp" as const,
      "icmp" as const,
      "any" as const,
    ),
    ports: fc.array(ports, { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(allow, { maxLength: 12 }),
      fc.boolean(),
      (allows, ipv6) => {
        const site = load();
        if (ipv6)
          site.wan.ipv6 = {
            ula: "fd12:3456:789a::/48",
            translate: "masq6",
            targets: ["2606:4700:4700::1111"],
          };
        for (const network of site.networks) network.allow = [];
        for (const { from, to, protocol, ports: wanted } of allows) {
          if (from === to) continue;
          const ported = protocol === "tcp" || protocol === "udp";
          networkOf(site, from).allow?.push({
            to,
            protocol,
            ports: ported ? wanted : undefined,
            reason: "test",
          });
        }
        expect(differences(site)).toEqual([]);
      },
    ),
    { numRuns: 6 },
  );
}, 60_000);

test.each<[string, Partial<Section>]>([
  ["a redirect", { type: "redirect" }],
  ["enabled", { options: { src: "ci", enabled: "0" } }],
  ["\\*", { options: { src: "*" } }],
  ["dest_ip behind a zone", { options: { dest: "ci", dest_ip: "10.0.0.1" } }],
])(
  "what the table cannot work out is refused, not passed over: %s",
  (word, change) => {
    const { firewall } = deriveRouter(load());
    const strange = {
      section: "strange",
      type: "rule",
      options: {},
      ...change,
    };
    expect(() => new Firewall([...firewall, strange])).toThrow(
      new RegExp(`section "strange" does: ${word} is not understood`),
    );
  },
);

test("a network that may take one line only reaches no other", () => {
  const site = load();
  const firewall = new Firewall(deriveRouter(site).firewall);
  const reaches = (zone: string) =>
    firewall.passes({
      from: "ci",
      to: { zone },
      family: "ipv4",
      protocol: "tcp",
      port: 443,
    });
  expect(["wan1", "wan2", "wan3", "wan4"].filter(reaches)).toEqual(["wan4"]);
});

test("the table has a row for each zone and says what it may reach", () => {
  const lines = matrixTable(load()).split("\n");
  expect(lines[0]).toMatch(/^from \\ to +management .* wan4 +router$/);
  expect(lines.find((line) => line.startsWith("tunnel "))).toMatch(
    /tcp 8006 .*tcp 443,7844 udp 7844/,
  );
  // The renewal of its own address, and nothing else.
  expect(
    lines.find((line) => line.startsWith("wan1 "))?.replaceAll(/[- ]/g, ""),
  ).toBe("wan1udp68");
});

test("with IPv6 there is a table for each family: what IPv4 alone opens is not in the other", () => {
  const site = load();
  site.wan.ipv6 = {
    ula: "fd12:3456:789a::/48",
    translate: "masq6",
    targets: ["2606:4700:4700::1111"],
  };
  const [, four = "", six = ""] = matrixTable(site).split(/^IPv[46]:$/m);
  const row = (table: string, from: string) =>
    table.split("\n").find((line) => line.startsWith(`${from} `)) ?? "";
  for (const table of [four, six])
    expect(row(table, "tunnel")).toMatch(/tcp 8006 .*tcp 443,7844 udp 7844/);
  expect(row(four, "wan1")).toContain("udp 68");
  expect(row(six, "wan1")).not.toContain("udp 68");
  expect(row(six, "wan1")).toContain("udp 546");
});

test("the table shows a range as it is, and all ports as all", () => {
  const site = load();
  networkOf(site, "ci").allow = [
    { to: "kubernetes", protocol: "tcp", ports: ["8000-9000"], reason: "t" },
    { to: "kubernetes", protocol: "tcp", ports: [22, 9001], reason: "t" },
    { to: "monitoring", protocol: "tcp", reason: "t" },
    { to: "storage", protocol: "tcp", reason: "t" },
    { to: "storage", protocol: "udp", reason: "t" },
    { to: "storage", protocol: "icmp", reason: "t" },
    { to: "application", protocol: "any", reason: "t" },
  ];
  const lines = matrixTable(site).split("\n");
  const cells = (line = "") => line.split(/ {2,}/);
  const head = cells(lines[0]);
  const row = cells(lines.find((line) => line.startsWith("ci ")));
  const at = (zone: string) => row[head.indexOf(zone)];
  expect(["storage", "application", "monitoring"].map(at)).toEqual([
    "tcp all udp all ping",
    "all",
    "tcp all",
  ]);
  // Its own column, which comes before, is empty.
  expect(row[head.indexOf("kubernetes") - 1]).toBe("tcp 22,8000-9001");
});

test("a network with a policy of its own takes that one's lines, whatever rules say for others", () => {
  const site = load();
  const policy = site.wan.policies.find(({ name }) => name === "steady");
  if (policy) policy.lines = [{ line: "spectrum2" }];
  const files = deriveRouter(site);
  const firewall = new Firewall(files.firewall);
  const open = ["wan1", "wan2", "wan3", "wan4"].filter((zone) =>
    firewall.opens("tunnel", zone, "ipv4"),
  );
  expect(open).toEqual(["wan2"]);
  expect(differences(site, files)).toEqual([]);
});

test("a network that a rule sends to one line, all of it, is let out by that one only", () => {
  const site = load();
  site.wan.policies.push({
    name: "fourth",
    lines: [{ line: "spectrum4" }],
    lastResort: "unreachable",
  });
  site.wan.rules.unshift({
    name: "metrics",
    from: "monitoring",
    protocol: "any",
    policy: "fourth",
    sticky: false,
  });
  const files = deriveRouter(site);
  const firewall = new Firewall(files.firewall);
  const open = ["wan1", "wan2", "wan3", "wan4"].filter((zone) =>
    firewall.opens("monitoring", zone, "ipv4"),
  );
  expect(open).toEqual(["wan4"]);
  expect(differences(site, files)).toEqual([]);
});

test("a rule for addresses of IPv4 opens its line to that family only", () => {
  const site = load();
  site.wan.ipv6 = {
    ula: "fd12:3456:789a::/48",
    translate: "masq6",
    targets: ["2606:4700:4700::1111"],
  };
  const [balanced] = site.wan.policies;
  if (balanced) balanced.lines = [{ line: "spectrum1" }];
  site.wan.policies.push({
    name: "fourth",
    lines: [{ line: "spectrum4" }],
    lastResort: "unreachable",
  });
  site.wan.rules.unshift({
    name: "partner",
    to: "198.51.100.0/24",
    protocol: "any",
    policy: "fourth",
    sticky: false,
  });
  const files = deriveRouter(site);
  const firewall = new Firewall(files.firewall);
  expect(firewall.opens("monitoring", "wan4", "ipv4")).toBe(true);
  expect(firewall.opens("monitoring", "wan4", "ipv6")).toBe(false);
  expect(differences(site, files)).toEqual([]);
});
