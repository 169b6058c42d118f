import { card, machine } from "../catalog";
import { cardOf } from "../qat";
import type { Rule } from "./finding";

export const qatSlot: Rule = {
  id: "qat-slot",
  severity: "warning",
  title: "The slot of a QAT card that is used is known",
  fact: "An 8970 is taken for x16 (no source for its width was found): without its slot nothing says with how many lanes it runs.",
  check: (site) =>
    site.qat.flatMap((entry, index) => {
      const found = cardOf(site, entry);
      const host = site.hardware.hosts.find(({ name }) => name === entry.host);
      if (found === undefined || host === undefined) return [];
      const { slots } = machine(host.model);
      const lanes = card(found.model)?.lanes;
      return found.slot === undefined && slots && lanes
        ? [
            {
              message: `card "${found.name}" of host "${host.name}" is x${lanes}, and its slot is not told`,
              path: ["qat", index, "card"],
              remedy: `Add its slot, one of ${slots.map(({ name }) => name).join(", ")}.`,
            },
          ]
        : [];
    }),
  remedy: "Add its slot.",
};
