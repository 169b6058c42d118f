import type { Rule } from "./finding";

export const routerTrunk: Rule = {
  id: "router-trunk",
  severity: "error",
  title: "The router has one trunk NIC",
  fact: "The hosts' VLAN-aware bridge carries the LAN; a second LAN NIC of the router would be a loop or a second gateway.",
  check: ({ guests }) =>
    guests.flatMap((guest, index) => {
      const trunks = guest.nics.filter(({ trunk }) => trunk).length;
      return guest.role !== "router" || trunks === 1
        ? []
        : [
            {
              message: `router "${guest.name}" has ${trunks} trunk NICs`,
              path: ["guests", index, "nics"],
            },
          ];
    }),
  remedy: "Give it one NIC with trunk: and all networks that it routes.",
};
