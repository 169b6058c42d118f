import type { Rule } from "./finding";

export const storageCluster: Rule = {
  id: "storage-cluster",
  severity: "error",
  title: "The storage server is in no cluster with its users",
  fact: "At boot PVE waits for quorum without limit (pve-manager, startall): hosts that wait for the storage, and storage that waits for the hosts, never start.",
  check: ({ hardware, proxmox, storage }) =>
    proxmox.hosts.flatMap(({ host, cluster }, index) => {
      const role = hardware.hosts.find(({ name }) => name === host)?.role;
      const serves = storage?.pools.some((pool) => pool.host === host);
      return cluster && (serves || role === "router-switch-storage")
        ? [
            {
              message: `storage server "${host}" is in cluster "${cluster}"`,
              path: ["proxmox", "hosts", index, "cluster"],
            },
          ]
        : [];
    }),
  remedy: "Leave it stand-alone.",
};
