import { hostsOf } from "../hardware/sas";
import type { Power, Site } from "../manifest";
import { mountsOf } from "../storage/mounts";
import type { Rule } from "./finding";

export const powerOrder: Rule = {
  id: "power-order",
  severity: "error",
  title: "What is needed starts first, and goes down last",
  fact: "A pool is imported once at boot (zfs-import-cache.service): shelves that spin up later are not seen. A host that mounts hard waits without end for a server that is down (nfs.5).",
  check: (site) => {
    const { power } = site;
    if (power === undefined) return [];
    const wrong = (
      key: "start" | "shutdown",
      steps: Power["start"],
      isLate: (needed: number, user: number) => boolean,
      words: string,
    ) =>
      needsOf(site).flatMap(({ needed, user, why }) => {
        const at = (name: string) =>
          steps.findIndex(({ machines }) => machines.includes(name));
        const places = [at(needed), at(user)] as const;
        if (places.includes(-1) || !isLate(...places)) return [];
        return [
          {
            message: `"${user}" ${why} "${needed}", which ${words}`,
            path: ["power", key],
          },
        ];
      });
    const named = power.start.flatMap(({ machines }) => machines);
    const missing = [
      ...new Set(needsOf(site).flatMap(({ needed, user }) => [needed, user])),
    ].filter((name) => !named.includes(name));
    const down = power.shutdown?.flatMap(({ machines }) => machines) ?? named;
    const left = site.hardware.hosts.filter(
      ({ name }) => named.includes(name) && !down.includes(name),
    );
    return [
      ...missing.map((name) => ({
        message: `"${name}" is in no step`,
        path: ["power", "start"],
      })),
      ...left.map(({ name }) => ({
        message: `"${name}" is in no step, and runs until the battery is empty`,
        path: ["power", "shutdown"],
        remedy: "Say when it goes down, or leave shutdown out.",
      })),
      ...wrong(
        "start",
        power.start,
        (needed, user) => needed >= user,
        "is not started before it",
      ),
      ...wrong(
        "shutdown",
        power.shutdown ?? [],
        (needed, user) => needed <= user,
        "does not go down after it",
      ),
    ];
  },
  remedy:
    "Put shelves before their server, and that before those who mount it.",
};

interface Need {
  needed: string;
  user: string;
  why: string;
}

function needsOf(site: Site): Need[] {
  const { hardware, storage } = site;
  const mounts = storage?.mounts ?? [];
  const servers = mountsOf(site);
  return [
    ...hardware.shelves.flatMap(({ name }) =>
      hostsOf(hardware, name).map((user) => ({
        needed: name,
        user,
        why: "has its disks in",
      })),
    ),
    ...[
      ...new Set(
        mounts.flatMap(({ dataset, hosts }) => {
          const server = servers.find((item) => item.dataset === dataset);
          return server
            ? hosts
                .filter((host) => host !== server.servedBy)
                .map((host) => `${server.servedBy} ${host}`)
            : [];
        }),
      ),
    ].map((pair) => {
      const [needed = "", user = ""] = pair.split(" ");
      return { needed, user, why: "mounts what it has from" };
    }),
  ];
}
