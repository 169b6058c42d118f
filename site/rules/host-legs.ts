import type { Rule } from "./finding";

const wanted = ["management", "storage"];

export const hostLegs: Rule = {
  id: "host-legs",
  severity: "error",
  title: "Hosts stand in management and storage themselves",
  fact: "A path between hosts, to storage or from the operator that crosses a guest is gone when that guest is.",
  check: ({ hardware, networks }) =>
    hardware.hosts.flatMap((host, index) =>
      wanted
        .filter((name) => networks.some((network) => network.name === name))
        .filter((name) => !(name in host.addresses))
        .map((name) => ({
          message: `host "${host.name}" has no address in network "${name}"`,
          path: ["hardware", "hosts", index, "addresses"],
        })),
    ),
  remedy: "Give it a static address there.",
};
