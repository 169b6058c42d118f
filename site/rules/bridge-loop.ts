import type { Site } from "../manifest";
import type { Rule } from "./finding";

export const bridgeLoop: Rule = {
  id: "bridge-loop",
  severity: "error",
  title: "Two bridges are joined by one link",
  fact: "PVE's bridges speak no spanning tree (bridge-stp off, pve-docs, Network Configuration): a second way between two of them sends every broadcast round without end.",
  check: (site) => {
    const joined = new Map<string, string>();
    const rootOf = (name: string): string => {
      const next = joined.get(name);
      return next === undefined ? name : rootOf(next);
    };
    const known = new Set<string>();
    return site.hardware.cabling.network.flatMap(({ from, to }, index) => {
      const ends = [from, to].map((nic) => portOf(site, nic));
      const [left, right] = ends;
      if (left === undefined || right === undefined) return [];
      // A bond whose slaves wait for each other forwards by one of them only.
      const waiting = ends.find((end) => end?.waits);
      const link = waiting
        ? waiting.port
        : [left.port, right.port].sort().join(" ");
      if (known.has(link)) return [];
      known.add(link);
      const [one, other] = [rootOf(left.bridge), rootOf(right.bridge)];
      if (one === other) {
        return [
          {
            message: `cable from ${from.host}/${from.device} to ${to.host}/${to.device} is a second way between bridges ${left.bridge} and ${right.bridge}, without a bond`,
            path: ["hardware", "cabling", "network", index],
          },
        ];
      }
      joined.set(one, other);
      return [];
    });
  },
  remedy: "Make a bond of both links at both ends, or pull one of them.",
};

/** The bridge that a NIC is in, by itself or in a bond. */
function portOf(
  { proxmox }: Site,
  { host, device }: { host: string; device: string },
): { bridge: string; port: string; waits: boolean } | undefined {
  const bridges =
    proxmox.hosts.find((item) => item.host === host)?.bridges ?? [];
  for (const { name, ports, bonds = {} } of bridges) {
    const bridge = `${host}/${name}`;
    if (ports.includes(device))
      return { bridge, port: `${host}/${device}`, waits: false };
    for (const [bond, { slaves, mode }] of Object.entries(bonds)) {
      if (!ports.includes(bond) || !slaves.includes(device)) continue;
      const waits = mode === "active-backup";
      return { bridge, port: `${host}/${bond}`, waits };
    }
  }
  return undefined;
}
