import type { Rule } from "./finding";

export const bootMirror: Rule = {
  id: "boot-mirror",
  severity: "error",
  title: "What others depend on starts from two disks",
  fact: "The host of the router and of the pools takes the whole site down with its boot disk; a storage is no mirror on a host with one disk.",
  check: ({ hardware, proxmox, storage, guests }) =>
    hardware.hosts.flatMap(({ name, role, boot }, index) => {
      const place = proxmox.hosts.find(({ host }) => host === name);
      const isNeeded =
        role === "router-switch-storage" ||
        storage?.pools.some(({ host }) => host === name) ||
        guests.some(
          (guest) => guest.role === "router" && guest.host === name,
        ) ||
        place?.storages.some(({ medium }) => medium === "mirror");
      if (boot === undefined || !isNeeded) return [];
      return boot.layout === "mirror" && boot.disks.length > 1
        ? []
        : [
            {
              message: `host "${name}" starts from ${boot.disks.length > 1 ? "disks that are no mirror" : "one disk"}`,
              path: ["hardware", "hosts", index, "boot"],
            },
          ];
    }),
  remedy: "Give it a second disk of the same size, with layout: mirror.",
};
