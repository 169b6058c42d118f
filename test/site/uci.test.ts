import fc from "fast-check";
import { fw4Warnings } from "../../lab/openwrt/fw4";
import { schema } from "../../providers/openwrt/router/model";
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
  expect(deriveRouter(site).failoverBoundMs.wan1).toBe(
    (5 + 3 * 2 * 1 + 2 * 5) * 1_000,
  );
});
