import { processor } from "../catalog";
import type { Rule } from "./finding";

export const memoryType: Rule = {
  id: "memory-type",
  severity: "error",
  title: "Memory modules are of the kind that the processor takes",
  fact: "Xeon E-2100 takes ECC UDIMM, Xeon E5 v3 and v4 take RDIMM or LRDIMM and no mixture (Dell PowerEdge R340; Supermicro's Memory Configuration Guide for X10 boards).",
  check: ({ hardware }) =>
    hardware.hosts.flatMap(({ name, cpu, modules = [] }, index) => {
      const path = ["hardware", "hosts", index, "modules"];
      const kinds = [...new Set(modules.map(({ type }) => type))];
      const mixed =
        kinds.length > 1
          ? [
              {
                message: `host "${name}" has ${kinds.join(" beside ")}`,
                path,
              },
            ]
          : [];
      if (cpu === undefined) return mixed;
      const { title, memoryTypes } = processor(cpu.model);
      return [
        ...mixed,
        ...modules.flatMap(({ count, type }, at) =>
          memoryTypes.includes(type)
            ? []
            : [
                {
                  message: `host "${name}" has ${count} ${type}s, and ${title} takes ${memoryTypes.join(" or ")}`,
                  path: [...path, at, "type"],
                },
              ],
        ),
      ];
    }),
  remedy: "Buy modules of one kind that fits, or another machine.",
};
