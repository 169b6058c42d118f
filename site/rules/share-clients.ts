import { clientOf } from "../storage/clients";
import type { Rule } from "./finding";
import { isLetThrough } from "./let-through";

const smb = 445;

export const shareClients: Rule = {
  id: "share-clients",
  severity: "error",
  title: "Shares are in the storage network, and let others in by name only",
  fact: "smbd listens on the server's address in the storage network alone (smb.conf(5), bind interfaces only): who stands in another network comes by the router, which refuses what is not allowed.",
  check: (site) => {
    const { storage } = site;
    if (storage === undefined) return [];
    return storage.shares.flatMap(({ name, to }, index) =>
      to.flatMap((machine, at) => {
        const network = clientOf(site, machine)?.network;
        return network === undefined ||
          network === storage.network ||
          isLetThrough(site, network, storage.network, smb)
          ? []
          : [
              {
                message: `share "${name}" is for "${machine}" in network "${network}", which no allowance lets to TCP port ${smb} of network "${storage.network}"`,
                path: ["storage", "shares", index, "to", at],
              },
            ];
      }),
    );
  },
  remedy: "Share it with machines in the storage network, or allow the port.",
};
