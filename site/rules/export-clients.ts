import { clientOf } from "../storage/clients";
import type { Rule } from "./finding";
import { isLetThrough } from "./let-through";

const nfs = 2049;

export const exportClients: Rule = {
  id: "export-clients",
  severity: "error",
  title: "Storage is served in its own network, and to others by name only",
  fact: "NFS with sec=sys believes every address that it lets in (exports.5): who is in the list and behind the router has to be let through, knowingly.",
  check: (site) => {
    const { storage } = site;
    if (storage === undefined) return [];
    return storage.exports.flatMap(({ dataset, to }, index) =>
      to.flatMap((name, at) => {
        const network = clientOf(site, name)?.network;
        return network === undefined ||
          network === storage.network ||
          isLetThrough(site, network, storage.network, nfs)
          ? []
          : [
              {
                message: `"${dataset}" is exported to "${name}" in network "${network}", which no allowance lets to TCP port ${nfs} of network "${storage.network}"`,
                path: ["storage", "exports", index, "to", at],
              },
            ];
      }),
    );
  },
  remedy: "Export it to machines in the storage network, or allow the port.",
};
