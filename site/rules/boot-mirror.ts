import type { Host } from "../manifest";
import type { Rule } from "./finding";

export const bootMirror: Rule = {
  id: "boot-mirror",
  severity: "error",
  title: "What others depend on starts from two disks",
  fact: "The host of the router and of the pools takes the whole site down with its boot disk; a storage is no mirror on a host with one disk. Proxmox VE's installer mirrors disks that differ by a tenth at most (zfs_mirror_size_check).",
  check: ({ hardware, proxmox, storage, guests }) =>
    hardware.hosts.flatMap(({ name, role, boot, disks }, index) => {
      const place = proxmox.hosts.find(({ host }) => host === name);
      const isNeeded =
        role === "router-switch-storage" ||
        storage?.pools.some(({ host }) => host === name) ||
        guests.some(
          (guest) => guest.role === "router" && guest.host === name,
        ) ||
        place?.storages.some(({ medium }) => medium === "mirror");
      if (!isNeeded) return [];
      const problem = problemOf(boot, disks);
      return problem === undefined
        ? []
        : [
            {
              message: `host "${name}" ${problem}`,
              path: ["hardware", "hosts", index, "boot"],
            },
          ];
    }),
  remedy: "Give it a second disk of the same size, with layout: mirror.",
};

function problemOf(
  boot: Host["boot"],
  disks: Host["disks"],
): string | undefined {
  if (boot === undefined) return "does not say what it starts from";
  if (boot.disks.length < 2) return "starts from one disk";
  if (boot.layout !== "mirror") return "starts from disks that are no mirror";
  const sizes = disks
    .filter(({ name }) => boot.disks.includes(name))
    .map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return most - least > most / 10
    ? "starts from a mirror of unlike disks"
    : undefined;
}
