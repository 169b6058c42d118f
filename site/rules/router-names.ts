import { deriveRouter, isRouted, type RoutedSite } from "../uci";
import { ipv6Of, uciName, zoneName } from "../uci/names";
import type { Rule } from "./finding";

/** Sections that every router has, or that are made beside the networks. */
const taken = /^(loopback|globals|br_lan|trunk|vlan\d+|port_\w+|dnsmasq)$/;

export const routerNames: Rule = {
  id: "router-names",
  severity: "error",
  title: "Networks and lines have names of their own on the router",
  fact: "UCI takes letters, digits and _ only, and LuCI at most 11 of them for a firewall zone: names that differ behind that or by a hyphen are one, and the later section of a name adds to the earlier (libuci).",
  check: (site) => {
    if (!isRouted(site)) return [];
    const zones = new Map<string, string>();
    const sections = new Map<string, string>();
    const findings = named(site).flatMap(({ what, name, others, path }) => {
      const zone = zoneName(name);
      const names = [uciName(name), ...others];
      const [twin] = names.flatMap((item) => sections.get(item) ?? []);
      const near = zones.get(zone);
      const reserved = names.find((item) => taken.test(item));
      for (const item of names) sections.set(item, what);
      zones.set(zone, what);
      if (reserved) {
        const message = `${what} is "${reserved}" on the router, where that is something else`;
        return [{ message, path }];
      }
      if (twin) return [{ message: `${what} is called as ${twin} is`, path }];
      if (near) {
        const message = `${what} is zone "${zone}" of the firewall, as ${near} is`;
        return [{ message, path }];
      }
      return [];
    });
    return findings.length > 0 ? findings : repeated(site);
  },
  remedy: "Choose another name.",
};

/** Names that are made of two: "a" in "b-c" is called as "a-b" in "c" is. */
function repeated(site: RoutedSite) {
  const { firewall, dhcp } = deriveRouter(site);
  return Object.entries({ firewall, dhcp }).flatMap(([file, sections]) => {
    const seen = new Set<string>();
    return sections.flatMap(({ section }) => {
      const isRepeated = seen.has(section);
      seen.add(section);
      return isRepeated
        ? [
            {
              message: `two sections of ${file} would be called "${section}"`,
              path: ["networks"],
            },
          ]
        : [];
    });
  });
}

function named({ networks, wan }: RoutedSite) {
  return [
    ...networks.flatMap(({ name, gateway }, index) =>
      gateway === undefined
        ? []
        : [
            {
              what: `network "${name}"`,
              name,
              others: [],
              path: ["networks", index, "name"],
            },
          ],
    ),
    ...wan.lines.map(({ interface: name }, index) => ({
      what: `interface "${name}"`,
      name,
      others: wan.ipv6 === "off" ? [] : [ipv6Of(name)],
      path: ["wan", "lines", index, "interface"],
    })),
  ];
}
