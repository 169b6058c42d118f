import { exportsOf } from "../storage";
import type { Rule } from "./finding";

export const storageCluster: Rule = {
  id: "storage-cluster",
  severity: "error",
  title: "The storage server is in no cluster with its users",
  fact: "At boot PVE waits for quorum without limit (pve-manager, startall): hosts that wait for the storage, and storage that waits for the hosts, never start.",
  check: (site) => {
    const { hardware, proxmox } = site;
    // A pool for the host's own guests alone keeps nobody waiting.
    const servers = exportsOf(site).map(({ host }) => host);
    return proxmox.hosts.flatMap(({ host, cluster }, index) => {
      const role = hardware.hosts.find(({ name }) => name === host)?.role;
      const serves = servers.includes(host);
      return cluster && (serves || role === "router-switch-storage")
        ? [
            {
              message: `storage server "${host}" is in cluster "${cluster}"`,
              path: ["proxmox", "hosts", index, "cluster"],
            },
          ]
        : [];
    });
  },
  remedy: "Leave it stand-alone.",
};
