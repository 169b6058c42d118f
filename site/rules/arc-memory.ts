import type { Site } from "../manifest";
import type { Rule } from "./finding";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
/** A smaller zfs_arc_max is ignored, as is one of all memory (zfs.4). */
const least = 64 * mebibyte;
/** For the host itself, as host-memory has it. */
const reserve = 4 * gibibyte;

export const arcMemory: Rule = {
  id: "arc-memory",
  severity: "error",
  title: "ZFS's cache leaves guests their memory",
  fact: "Without a limit the cache may take all memory but 1 GiB (zfs.4, zfs_arc_max, since OpenZFS 2.3); it gives way slowly, and the memory of a guest with a card of the host is pinned and gives way not at all (VFIO).",
  check: (site) => {
    const { hardware, storage } = site;
    const servers = new Set([
      ...(storage?.pools ?? []).map(({ host }) => host),
      ...Object.keys(storage?.arcMax ?? {}),
    ]);
    return hardware.hosts
      .filter(({ name }) => servers.has(name))
      .flatMap(({ name, memory }) => {
        const { all, pinned } = memoryOf(site, name);
        const limit = storage?.arcMax[name];
        if (limit !== undefined && limit < least) {
          return [
            {
              message: `arcMax of host "${name}" is ${limit / mebibyte} MiB, which ZFS takes no notice of: it takes ${least / mebibyte} MiB and more`,
              path: ["storage", "arcMax", name],
            },
          ];
        }
        const cache = limit ?? Math.max(memory - gibibyte, (memory * 5) / 8);
        const asked = cache + all + reserve;
        // Its own limit alone gives way to the host when no guest needs memory.
        if (asked <= memory || (all === 0 && limit === undefined)) return [];
        const without = limit === undefined ? ", without arcMax," : "";
        return [
          {
            message: `ZFS's cache on host "${name}" may take ${cache / gibibyte} GiB${without} of ${memory / gibibyte} GiB, guests take ${all / gibibyte} GiB (${pinned / gibibyte} GiB pinned), and the host needs ${reserve / gibibyte} GiB`,
            path: ["storage", "arcMax"],
          },
        ];
      });
  },
  remedy: "Set storage.arcMax for the host to what is left.",
};

function memoryOf({ guests, router }: Site, host: string) {
  const running = guests.filter(
    (guest) => guest.host === host && guest.power === "running",
  );
  const sum = (items: typeof running) =>
    items.reduce((total, { memory }) => total + memory, 0);
  return {
    all: sum(running),
    pinned: sum(
      running.filter(
        ({ name, pciDevices = [] }) =>
          pciDevices.length > 0 || name === router?.guest,
      ),
    ),
  };
}
