import type { Site } from "../manifest";
import { clientOf } from "../storage/clients";
import type { Rule } from "./finding";

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
          isLetThrough(site, network, storage.network)
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

/** By an allowance that names the port: one for all of an administrator's ways is none for data. */
function isLetThrough({ networks }: Site, from: string, to: string): boolean {
  const allow = networks.find(({ name }) => name === from)?.allow ?? [];
  return allow.some(
    (item) =>
      item.to === to &&
      item.protocol === "tcp" &&
      item.ports?.some((port) => {
        const [first, last = first] = String(port).split("-").map(Number);
        return (first ?? 0) <= nfs && nfs <= (last ?? 0);
      }),
  );
}
