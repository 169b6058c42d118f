import fc from "fast-check";
import { fw4Warnings } from "../../lab/openwrt/fw4";
import { schema } from "../../providers/openwrt/router/model";
import { failoverBound } from "../../providers/openwrt/router/verify/bound";
import { isRouted, loadSite } from "../../site";
import { deriveRouter, type RoutedSite, type Section } from "../../site/uci";

const load = (): RoutedSite => {
  const site = loadSite("environments/dev.yaml");
  if (!isRouted(site)) throw new Error("the dev site has no router");
  return site;
};
const named = (sections: Section[], name: string) =>
  sections.find(({ section }) => section === name)?.options;

test("what is derived is what the router's resource takes, and fw4 without a warning", () => {
  for (const ipv6 of [false, true]) {
    const site = load();
    if (ipv6)
      site.wan.ipv6 = {
        ula: "fd12:3456:789a::/48",
        translate: "masq6",
        targets: ["2606:4700:4700::1111"],
      };
    const { failoverBoundMs: _bounds, ...files } = deriveRouter(site);
    const inputs = { owner: "o", host: "h", name: "n", ...files };
    expect(schema.safeParse(inputs).error?.issues ?? []).toEqual([]);
    const firewall = files.firewall.map(({ section, type, options }) => ({
      type,
      name: section,
      anonymous: false,
      options: new Map(
        Object.entries(options).map(([key, value]) => [
          key,
          Array.isArray(value) ? value : String(value),
        ]),
      ),
    }));
    expect(fw4Warnings(firewall)).toEqual([]);
  }
});

test("the same manifest gives the same files, in the same order", () => {
  expect(deriveRouter(load())).toEqual(deriveRouter(load()));
});

test("every network is a VLAN of the trunk, and nothing is left on the bridge itself", () => {
  const { network } = deriveRouter(load());
  for (const { vlan } of load().networks)
    expect(named(network, `vlan${vlan}`)?.ports).toEqual(["eth0:t"]);
  const devices = network
    .filter(({ type }) => type === "interface")
    .map(({ options }) => options.device);
  expect(devices).not.toContain("br-lan");
});

test("each line has its zone, its metric and fixed resolvers, and lets nobody in", () => {
  const { network, firewall } = deriveRouter(load());
  const lines = ["wan1", "wan2", "wan3", "wan4"];
  expect(new Set(lines.map((name) => named(network, name)?.metric)).size).toBe(
    4,
  );
  for (const name of lines) {
    expect(named(network, name)).toMatchObject({
      peerdns: false,
      dns: ["1.1.1.1", "9.9.9.9"],
    });
    expect(named(firewall, `zone_${name}`)).toMatchObject({
      network: [name],
      input: "DROP",
      forward: "DROP",
      masq: true,
      mtu_fix: true,
    });
  }
});

test("what networks say of all their traffic stands before the rules, and the one for the rest last", () => {
  const { mwan3 } = deriveRouter(load());
  const rules = mwan3
    .filter(({ type }) => type === "rule")
    .map(({ section }) => section);
  expect(rules).toEqual([
    "net_application",
    "net_ci",
    "net_kubernetes",
    "net_tunnel",
    "https",
    "rest",
  ]);
  expect(named(mwan3, "only_wan4")).toMatchObject({
    last_resort: "unreachable",
  });
});

test("rules and hosts keep the manifest's order, however many there are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (count) => {
      const site = load();
      const ci = site.networks.find(({ name }) => name === "ci");
      if (!ci) throw new Error("no network ci");
      ci.allow = Array.from({ length: count }, (_, index) => ({
        to: "storage",
        protocol: "tcp" as const,
        ports: [1_000 + index],
        reason: `r${index}`,
      }));
      const { firewall } = deriveRouter(site);
      const ports = firewall
        .filter(({ section }) => section.startsWith("allow_ci_storage"))
        .map(({ options }) => Number([options.dest_port].flat()[0]));
      expect(ports).toEqual(ci.allow.map(({ ports: [port] = [] }) => port));
    }),
    { numRuns: 10 },
  );
});

test("the failover's bound is mwan3's: an interval, the rounds and the pauses between them", () => {
  const site = load();
  const { failoverBoundMs, mwan3 } = deriveRouter(site);
  expect(failoverBoundMs.wan1).toBe((5 + 3 * 2 * 1 + 2 * 5) * 1_000);
  // As the router's resource has it from the section.
  const line = mwan3.find(({ section }) => section === "wan1");
  expect(line && failoverBound(line) * 1_000).toBe(failoverBoundMs.wan1);
});

const guestOf = (site: RoutedSite, name: string) => {
  const found = site.guests.find((item) => item.name === name);
  if (!found) throw new Error(`no guest ${name}`);
  return found;
};
const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
};

test("a site is only read", () => {
  expect(() => deriveRouter(frozen(load()))).not.toThrow();
});

test("a guest with a MAC and an address keeps it, and every machine with an address has a name", () => {
  const site = load();
  const [nic] = guestOf(site, "k3s").nics;
  if (nic) nic.mac = "BC:24:11:00:00:01";
  const { dhcp } = deriveRouter(site);
  expect(named(dhcp, "host_k3s_kubernetes")).toEqual({
    name: "k3s",
    mac: ["BC:24:11:00:00:01"],
    ip: "10.10.60.10",
  });
  const names = Object.fromEntries(
    dhcp
      .filter(({ type }) => type === "domain")
      .map(({ options }) => [options.name, options.ip]),
  );
  expect(names).toMatchObject({
    "openwrt.dev.example.net": "10.10.10.1",
    "r630.dev.example.net": "10.10.10.12",
    "r630.storage.dev.example.net": "10.10.20.12",
    "r630.bmc.dev.example.net": "10.10.10.112",
    "reverse-proxy.dev.example.net": "10.10.30.10",
  });
  // By DHCP, and so without an address that anybody knew before.
  expect(names).not.toHaveProperty("ci-runner.dev.example.net");
});

test("addresses are given from the first to the last, and none to a line or a network without dhcp", () => {
  const { dhcp, firewall } = deriveRouter(load());
  expect(named(dhcp, "management")).toMatchObject({
    interface: "management",
    start: 200,
    limit: 40,
    leasetime: "720m",
    dhcp_option: ["3,10.10.10.1", "6,10.10.10.1"],
    ra: "disabled",
    dhcpv6: "disabled",
  });
  for (const name of ["storage", "wan1", "wan4"])
    expect(named(dhcp, name)).toEqual({ interface: name, ignore: true });
  expect(named(firewall, "dns_storage")).toBeUndefined();
  expect(named(firewall, "dhcp_storage")).toBeUndefined();
});

test("fixed addresses keep the manifest's order, however many there are", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 20_000 }), {
        minLength: 1,
        maxLength: 300,
      }),
      (numbers) => {
        const site = load();
        const [nic] = guestOf(site, "k3s").nics;
        if (!nic) throw new Error("no NIC");
        site.guests = numbers.map((number) => ({
          ...guestOf(load(), "k3s"),
          name: `guest-${number}`,
          nics: [
            {
              ...nic,
              mac: `BC:24:11:00:${hex(number >> 8)}:${hex(number & 255)}`,
              address: `10.10.${number >> 8}.${number & 255}`,
            },
          ],
        }));
        const hosts = deriveRouter(site).dhcp.filter(
          ({ type }) => type === "host",
        );
        expect(hosts.map(({ options }) => options.name)).toEqual(
          numbers.map((number) => `guest-${number}`),
        );
        expect(new Set(hosts.map(({ section }) => section)).size).toBe(
          numbers.length,
        );
      },
    ),
    { numRuns: 10 },
  );
});

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0").toUpperCase();
}

test("a line is made as its protocol wants it, and a PPPoE password stands nowhere", () => {
  const site = load();
  const [first, second] = site.wan.lines;
  if (!first || !second) throw new Error("no lines");
  site.wan.lines[0] = {
    ...first,
    protocol: "static",
    address: "203.0.113.2/30",
    gateway: "203.0.113.1",
    mtu: 1_400,
  };
  site.wan.lines[1] = {
    ...second,
    protocol: "pppoe",
    username: "us",
    mtu: 1_480,
  };
  const { network, firewall } = deriveRouter(site);
  expect(named(network, "wan1")).toMatchObject({
    proto: "static",
    ipaddr: ["203.0.113.2/30"],
    gateway: "203.0.113.1",
    mtu: 1_400,
  });
  // One MTU from the card up.
  expect(named(network, "port_wan1")).toMatchObject({ mtu: 1_400 });
  expect(named(network, "wan2")).toMatchObject({
    proto: "pppoe",
    username: "us",
    ipv6: false,
    mtu: 1_480,
  });
  // The session is smaller than the frames that carry it.
  expect(named(network, "port_wan2")).not.toHaveProperty("mtu");
  expect(JSON.stringify(network)).not.toContain("password");
  // Only who asks by DHCP has an address to renew.
  expect(named(firewall, "renew_wan1")).toBeUndefined();
  expect(named(firewall, "renew_wan3")).toBeDefined();
});

test("the trunk's MTU is that of the card, the bridge and so of every VLAN", () => {
  const site = load();
  const [nic] = guestOf(site, "openwrt").nics;
  if (nic) nic.mtu = 9_000;
  const { network } = deriveRouter(site);
  expect(named(network, "trunk")).toEqual({ name: "eth0", mtu: 9_000 });
  expect(named(network, "br_lan")).toMatchObject({ mtu: 9_000 });
});

test("with IPv6 each VLAN has a /64 and each line a twin; without it nothing is announced", () => {
  const site = load();
  const without = deriveRouter(site);
  expect(JSON.stringify(without)).not.toMatch(/dhcpv6":"server|ip6assign|_6"/);
  expect(named(without.network, "port_wan1")).toMatchObject({ ipv6: false });
  site.wan.ipv6 = {
    ula: "fd12:3456:789a::/48",
    translate: "masq6",
    targets: ["2606:4700:4700::1111"],
  };
  const { network, firewall, mwan3 } = deriveRouter(site);
  expect(named(network, "ci")).toMatchObject({ ip6assign: 64, ip6hint: "32" });
  expect(named(network, "wan1_6")).toMatchObject({
    device: "@wan1",
    proto: "dhcpv6",
    metric: 10,
  });
  expect(named(firewall, "zone_wan1")).toMatchObject({
    network: ["wan1", "wan1_6"],
    masq6: true,
  });
  expect(named(firewall, "dns_ci")).toMatchObject({
    dest_ip: ["10.10.50.1", "fd12:3456:789a:32::1"],
  });
  expect(named(mwan3, "n6_ci")).toMatchObject({
    family: "ipv6",
    src_ip: "fd12:3456:789a:32::/64",
    use_policy: "only_wan4",
  });
  const rules = mwan3.filter(({ type }) => type === "rule");
  expect(rules.at(-1)?.section).toBe("rest");
  expect(rules.at(-2)?.section).toBe("rest_6");
});

test("what a line says of its health stands before what is said of all", () => {
  const site = load();
  const [first] = site.wan.lines;
  if (first) first.health = { timeout: 2_000, failureInterval: 1_000 };
  const { mwan3, failoverBoundMs } = deriveRouter(site);
  expect(named(mwan3, "wan1")).toMatchObject({
    timeout: 2,
    interval: 5,
    failure_interval: 1,
    recovery_interval: 5,
  });
  expect(failoverBoundMs.wan1).toBe((5 + 3 * 2 * 2 + 2 * 1) * 1_000);
});

test("a rule of the manifest is mwan3's, with its ports as iptables writes them", () => {
  const site = load();
  site.wan.rules.unshift({
    name: "voice-calls",
    from: "management",
    to: "198.51.100.0/24",
    protocol: "udp",
    ports: [5_060, "10000-10100"],
    policy: "steady",
    sticky: true,
  });
  expect(named(deriveRouter(site).mwan3, "voice_calls")).toEqual({
    family: "ipv4",
    src_ip: "10.10.10.0/24",
    dest_ip: "198.51.100.0/24",
    proto: "udp",
    dest_port: "5060,10000:10100",
    sticky: true,
    use_policy: "steady",
  });
});

test("the rule for the rest takes IPv6 too, also when it writes out where it leads", () => {
  const site = load();
  site.wan.ipv6 = {
    ula: "fd12:3456:789a::/48",
    translate: "masq6",
    targets: ["2606:4700:4700::1111"],
  };
  const last = site.wan.rules.at(-1);
  if (last) last.to = "0.0.0.0/0";
  const { mwan3 } = deriveRouter(site);
  expect(named(mwan3, "rest_6")).toMatchObject({
    family: "ipv6",
    dest_ip: "::/0",
  });
});

test("a line's neighbours may ask from any address, its routers from their own only", () => {
  const site = load();
  site.wan.ipv6 = {
    ula: "fd12:3456:789a::/48",
    translate: "masq6",
    targets: ["2606:4700:4700::1111"],
  };
  const { firewall } = deriveRouter(site);
  expect(named(firewall, "discovery_wan1")).toMatchObject({
    icmp_type: ["neighbour-solicitation", "neighbour-advertisement"],
  });
  expect(named(firewall, "discovery_wan1")).not.toHaveProperty("src_ip");
  expect(named(firewall, "advertised_wan1")).toMatchObject({
    src_ip: ["fe80::/10"],
    icmp_type: ["router-advertisement"],
  });
});

test("the failover's bound holds for a line's IPv6 too, which may have more targets", () => {
  const site = load();
  site.wan.ipv6 = {
    ula: "fd12:3456:789a::/48",
    translate: "masq6",
    targets: ["2606:4700:4700::1111", "2620:fe::fe", "2001:4860:4860::8888"],
  };
  const { failoverBoundMs, mwan3 } = deriveRouter(site);
  const twin = mwan3.find(({ section }) => section === "wan1_6");
  expect(twin && failoverBound(twin) * 1_000).toBe((5 + 3 * 3 + 2 * 5) * 1_000);
  expect(failoverBoundMs.wan1).toBe((5 + 3 * 3 + 2 * 5) * 1_000);
});
