import { cardsOf } from "../hardware/cards";
import { hostsOf, portsTo } from "../hardware/sas";
import type { Rule } from "./finding";

export const sasPaths: Rule = {
  id: "sas-paths",
  severity: "error",
  title: "Every shelf has the paths that it is said to have",
  fact: "Two 9207-8e have four external ports (Broadcom): four shelves with one cable each, or two paths by passing through other shelves. Of a disk with two paths and without a map /dev/disk/by-id/wwn-* leads to a random one (seen on Linux 6.12).",
  check: ({ hardware }) => {
    const { hosts, shelves } = hardware;
    const there = hosts
      .flatMap(cardsOf)
      .filter(({ facts }) => facts.kind === "sas")
      .reduce((sum, { facts }) => sum + facts.ports, 0);
    const asked = shelves.reduce((sum, { paths }) => sum + paths, 0);
    return shelves.flatMap(({ name, paths }, index) => {
      const path = ["hardware", "shelves", index, "paths"];
      const servers = hostsOf(hardware, name);
      if (servers.length > 1) {
        const both = servers.map((server) => `"${server}"`).join(" and ");
        const message = `shelf "${name}" is at hosts ${both}, which would write to one disk`;
        return [{ message, path }];
      }
      const found = portsTo(hardware, name);
      const ports = new Set(found.map(({ card, port }) => `${card}/${port}`));
      // Two cables from one card may be one wide port; from two they are two ways.
      const cards = new Set(found.map(({ card }) => card));
      if (cards.size > paths) {
        const message = `shelf "${name}" is said to have ${paths} path, and cables from ${[...cards].join(" and ")} lead to it: each disk of it is there twice, and without multipath its name leads to either`;
        return [
          { message, path, remedy: "Write paths: 2, or pull one of them." },
        ];
      }
      return ports.size >= paths
        ? []
        : [
            {
              message: `shelf "${name}" has ${ports.size} of ${paths} paths: shelves ask for ${asked} ports, and HBAs have ${there}`,
              path,
            },
          ];
    });
  },
  remedy:
    "Add the cables, from HBAs or through other shelves, or lower the shelf's paths.",
};
