import type { Rule } from "./finding";

const iscsi = 3260;

export const iscsiNetwork: Rule = {
  id: "iscsi-network",
  severity: "error",
  title: "Targets are reached from the storage network only",
  fact: "iSCSI is in clear, and LIO tells everybody who reaches a portal the names of all targets (demo_mode_discovery is 1): CHAP guards the login, nothing guards the data (RFC 7143, 9.1).",
  check: ({ storage, networks }) => {
    if (storage?.iscsi === undefined || storage.iscsi.targets.length === 0)
      return [];
    return networks.flatMap(({ name, allow = [] }, index) =>
      allow.flatMap((item, at) =>
        item.to === storage.network &&
        item.protocol === "tcp" &&
        item.ports?.some((port) => covers(`${port}`))
          ? [
              {
                message: `network "${name}" is let to TCP port ${iscsi} of network "${storage.network}", where targets are served`,
                path: ["networks", index, "allow", at],
              },
            ]
          : [],
      ),
    );
  },
  remedy: "Take the port out: hosts have an address in the storage network.",
};

/** By name: one for all of an administrator's ways is none for data. */
function covers(ports: string): boolean {
  const [first = 0, last = first] = ports.split("-").map(Number);
  return first <= iscsi && iscsi <= last;
}
