import { doubt, machine, processor } from "../catalog";
import type { Rule } from "./finding";

const gibibyte = 2 ** 30;

export const memorySockets: Rule = {
  id: "memory-sockets",
  severity: "error",
  title: "Memory modules find sockets, and the processor addresses them",
  fact: "A socket belongs to a processor: without that it is dead. Xeon E-2100 has two channels with two sockets each and addresses 128 GB (Intel ARK), the R630 has 24 sockets for two processors (Dell).",
  check: ({ hardware }) =>
    hardware.hosts.flatMap((host, index) => {
      const { name, cpu, modules = [], memory } = host;
      const path = ["hardware", "hosts", index];
      const facts = machine(host.model);
      const used = Math.min(cpu?.count ?? facts.sockets, facts.sockets);
      const sockets = (facts.dimmSockets * used) / facts.sockets;
      const count = modules.reduce((sum, item) => sum + item.count, 0);
      const tooMany =
        count > sockets
          ? [
              {
                message: `host "${name}" has ${count} memory modules, and ${facts.title} has ${sockets} sockets for them${doubt(facts, "dimmSockets")}`,
                path: [...path, "modules"],
              },
            ]
          : [];
      if (cpu === undefined) return tooMany;
      const { title, maxMemory, sockets: most } = processor(cpu.model);
      const room = maxMemory * cpu.count;
      const fits = Math.min(facts.sockets, most);
      return [
        ...(cpu.count > fits
          ? [
              {
                message: `host "${name}" has ${cpu.count} ${title}, and ${fits} fit into ${facts.title}`,
                path: [...path, "cpu", "count"],
              },
            ]
          : []),
        ...tooMany,
        ...(memory > room
          ? [
              {
                message: `host "${name}" has ${memory / gibibyte} GiB of memory, and its processors address ${room / gibibyte} GiB`,
                path: [...path, "memory"],
              },
            ]
          : []),
      ];
    }),
  remedy: "Take fewer and larger modules, or another machine.",
};
