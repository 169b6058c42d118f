import { card, misnamed } from "../catalog";
import type { Rule } from "./finding";

export const cardKnown: Rule = {
  id: "card-known",
  severity: "note",
  title: "A card is in the catalog",
  fact: "Lanes, ports and connectors are judged by the catalog: of a card that is not there nothing is.",
  check: ({ hardware }) =>
    hardware.hosts.flatMap((host, index) =>
      host.cards.flatMap(({ name, model }, at) =>
        card(model) || model in misnamed
          ? []
          : [
              {
                message: `card "${name}" of host "${host.name}" is a ${model}, which the catalog does not have`,
                path: ["hardware", "hosts", index, "cards", at, "model"],
              },
            ],
      ),
    ),
  remedy: "Add it to site/catalog/cards.ts, with the source.",
};
