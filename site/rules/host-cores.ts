import type { Rule } from "./finding";

export const hostCores: Rule = {
  id: "host-cores",
  severity: "error",
  title: "A guest has no more cores than its host",
  fact: "PVE starts no guest with more virtual CPUs than the host has (qemu-server, config_to_command: MAX n vcpus allowed per VM on this node).",
  check: ({ hardware, guests }) =>
    guests.flatMap(({ name, host, cores }, index) => {
      const machine = hardware.hosts.find((item) => item.name === host);
      // Physical cores: with hyper-threading the host counts twice as many.
      return machine === undefined || cores <= 2 * machine.cores
        ? []
        : [
            {
              message: `guest "${name}" has ${cores} cores, and host "${host}" has ${machine.cores}`,
              path: ["guests", index, "cores"],
            },
          ];
    }),
  remedy: "Give it fewer, or another host.",
};
