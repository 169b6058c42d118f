import type { Rule } from "./finding";

export const tunnelNetwork: Rule = {
  id: "tunnel-network",
  severity: "error",
  title: "The tunnel stands alone in its VLAN",
  fact: "The tunnel's connector is the one machine that the internet talks to; what shares its VLAN is reached past the firewall.",
  check: ({ guests }) => {
    const tunnels = guests.filter(({ role }) => role === "tunnel");
    const networks = tunnels.flatMap(({ nics }) =>
      nics.map(({ network }) => network),
    );
    return guests.flatMap((guest, index) =>
      guest.role === "tunnel" || guest.role === "router"
        ? []
        : guest.nics.flatMap(({ network }, at) =>
            network !== undefined && networks.includes(network)
              ? [
                  {
                    message: `guest "${guest.name}" shares network "${network}" with the tunnel`,
                    path: ["guests", index, "nics", at, "network"],
                  },
                ]
              : [],
          ),
    );
  },
  remedy: "Put it in a network of its own.",
};
