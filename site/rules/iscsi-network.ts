import type { Site } from "../manifest";
import type { Rule } from "./finding";

const iscsi = 3260;

export const iscsiNetwork: Rule = {
  id: "iscsi-network",
  severity: "error",
  title:
    "Targets are reached from the storage network, and by administrators only",
  fact: "iSCSI is in clear, and LIO tells everybody who reaches a portal the names of all targets (demo_mode_discovery is 1): CHAP guards the login, nothing guards the data (RFC 7143, 9.1). An allowance of any protocol, or of TCP without ports, opens port 3260 as one that names it.",
  check: ({ storage, networks, router }) => {
    if (storage?.iscsi === undefined || storage.iscsi.targets.length === 0)
      return [];
    // One for all of an administrator's ways is none for data.
    const administrators = router?.management ?? "management";
    return networks.flatMap(({ name, allow = [] }, index) =>
      allow.flatMap((item, at) =>
        item.to === storage.network &&
        opens(item) &&
        (item.ports !== undefined || name !== administrators)
          ? [
              {
                message: `network "${name}" is let to TCP port ${iscsi} of network "${storage.network}", where targets are served${item.ports ? "" : `, among all others`}`,
                path: ["networks", index, "allow", at],
              },
            ]
          : [],
      ),
    );
  },
  remedy:
    "Name the ports that are needed, without it: hosts have an address in the storage network.",
};

type Allowance = NonNullable<Site["networks"][number]["allow"]>[number];

function opens({ protocol, ports }: Allowance): boolean {
  if (protocol !== "tcp" && protocol !== "any") return false;
  return ports === undefined || ports.some((port) => covers(`${port}`));
}

function covers(ports: string): boolean {
  const [first = 0, last = first] = ports.split("-").map(Number);
  return first <= iscsi && iscsi <= last;
}
