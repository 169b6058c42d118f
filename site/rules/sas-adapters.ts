import { portsTo } from "../hardware/sas";
import type { Rule } from "./finding";

export const sasAdapters: Rule = {
  id: "sas-adapters",
  severity: "warning",
  title: "Two paths go through two HBAs",
  fact: "An HBA that fails takes all of its ports along.",
  check: ({ hardware }) =>
    hardware.shelves.flatMap(({ name, paths }, index) => {
      const ports = portsTo(hardware, name);
      const [first] = ports;
      return paths === 2 &&
        first !== undefined &&
        ports.length > 1 &&
        ports.every(({ card }) => card === first.card)
        ? [
            {
              message: `both paths of shelf "${name}" go through card "${first.card}" of host "${first.host}"`,
              path: ["hardware", "shelves", index, "paths"],
            },
          ]
        : [];
    }),
  remedy: "Lead one of them to another card.",
};
