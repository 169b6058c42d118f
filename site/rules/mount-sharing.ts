import type { Rule } from "./finding";

const owned = ["images", "rootdir", "backup"];

export const mountSharing: Rule = {
  id: "mount-sharing",
  severity: "error",
  title: "Hosts that share guests' disks are one cluster",
  fact: "PVE knows disks and backups by the guest's id alone, which two hosts outside of one cluster give twice: removing or pruning one guest's takes the other's along (pve-docs, Storage).",
  check: ({ proxmox, storage }) => {
    const users = new Map<string, Set<string>>();
    return (storage?.mounts ?? []).flatMap((mount, index) => {
      const { name, dataset, hosts, content } = mount;
      if (!content.some((item) => owned.includes(item))) return [];
      const places = users.get(dataset) ?? new Set();
      users.set(dataset, places);
      for (const host of hosts) {
        const cluster = proxmox.hosts.find(
          (item) => item.host === host,
        )?.cluster;
        places.add(cluster ?? host);
      }
      return places.size < 2
        ? []
        : [
            {
              message: `"${name}" keeps guests of ${[...places].map((place) => `"${place}"`).join(" and ")} in dataset "${dataset}"`,
              path: ["storage", "mounts", index],
            },
          ];
    });
  },
  remedy: "Give each its own dataset, or make one cluster of them.",
};
