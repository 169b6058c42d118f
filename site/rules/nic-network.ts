import type { Rule } from "./finding";

export const nicNetwork: Rule = {
  id: "nic-network",
  severity: "error",
  title: "A guest's networks are on its bridge",
  fact: "A tag that no port of the bridge carries reaches nobody.",
  check: ({ guests, proxmox }) =>
    guests.flatMap((guest, index) => {
      const host = proxmox.hosts.find(({ host }) => host === guest.host);
      return guest.nics.flatMap(({ bridge, network, trunk }, at) => {
        const carried = host?.bridges.find(
          ({ name }) => name === bridge,
        )?.networks;
        return [network ?? [], trunk ?? []]
          .flat()
          .filter((name) => !carried?.includes(name))
          .map((name) => ({
            message: `guest "${guest.name}" is in network "${name}", which bridge "${bridge}" of host "${guest.host}" does not carry`,
            path: ["guests", index, "nics", at],
          }));
      });
    }),
  remedy: "Add the network to the bridge's networks, or choose another bridge.",
};
