import { processor } from "../catalog";
import type { Rule } from "./finding";

export const hostCores: Rule = {
  id: "host-cores",
  severity: "error",
  title: "A guest has no more cores than its host",
  fact: "PVE starts no guest with more virtual CPUs than the host has (qemu-server, config_to_command: MAX n vcpus allowed per VM on this node).",
  check: ({ hardware, guests }) =>
    guests.flatMap(({ name, host, cores }, index) => {
      const machine = hardware.hosts.find((item) => item.name === host);
      if (machine === undefined) return [];
      const { cpu } = machine;
      const threads = cpu
        ? cpu.count * processor(cpu.model).threads
        : // Physical cores: with hyper-threading the host counts twice as many.
          2 * machine.cores;
      return cores <= threads
        ? []
        : [
            {
              message: `guest "${name}" has ${cores} cores, and host "${host}" has ${cpu ? `${threads} threads` : machine.cores}`,
              path: ["guests", index, "cores"],
            },
          ];
    }),
  remedy: "Give it fewer, or another host.",
};
