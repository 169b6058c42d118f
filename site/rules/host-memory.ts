import type { Rule } from "./finding";

const gibibyte = 2 ** 30;
/** For the host itself and a small ZFS cache; below it PVE's own services suffer. */
const reserve = 4 * gibibyte;

export const hostMemory: Rule = {
  id: "host-memory",
  severity: "error",
  title: "Guests fit into their host's memory",
  fact: "A guest that finds no memory is killed, not slowed (Linux out-of-memory killer); pve-docs asks 2 GiB for PVE and more for ZFS.",
  check: ({ hardware, guests }) =>
    hardware.hosts.flatMap((host, index) => {
      const used = guests
        .filter(
          (guest) => guest.host === host.name && guest.power === "running",
        )
        .reduce((sum, guest) => sum + guest.memory, 0);
      return used <= host.memory - reserve
        ? []
        : [
            {
              message: `guests of host "${host.name}" take ${used / gibibyte} GiB of ${host.memory / gibibyte} GiB, and the host needs ${reserve / gibibyte} GiB`,
              path: ["hardware", "hosts", index, "memory"],
            },
          ];
    }),
  remedy: "Move a guest, or give guests less memory.",
};
