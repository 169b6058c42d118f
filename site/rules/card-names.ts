import { misnamed } from "../catalog";
import type { Rule } from "./finding";

export const cardNames: Rule = {
  id: "card-names",
  severity: "error",
  title: "A card can be bought by its name",
  fact: "There is no Intel I350-T8: Intel's product brief knows the I350 with two and four ports.",
  check: ({ hardware }) =>
    hardware.hosts.flatMap((host, index) =>
      host.cards.flatMap(({ name, model }, at) => {
        const known = misnamed[model];
        return known === undefined
          ? []
          : [
              {
                message: `card "${name}" of host "${host.name}" is called ${model}: ${known.why}; take ${known.instead}`,
                path: ["hardware", "hosts", index, "cards", at, "model"],
              },
            ];
      }),
    ),
  remedy: "Write what is on the invoice.",
};
