import { machine } from "../catalog";
import { cardsOf } from "../hardware/cards";
import type { Rule } from "./finding";

export const pcieWidth: Rule = {
  id: "pcie-width",
  severity: "warning",
  title: "A card runs as wide as it is",
  fact: "A slot may be longer than it is wired: the link then has the slot's lanes (lspci, LnkSta against LnkCap).",
  check: ({ hardware }) =>
    hardware.hosts.flatMap((host, index) =>
      cardsOf(host).flatMap(({ name, slot, facts, widthDoubt, index: at }) => {
        const found = machine(host.model).slots?.find(
          (item) => item.name === slot,
        );
        return found === undefined ||
          facts.lanes <= found.lanes ||
          facts.lanes > found.width
          ? []
          : [
              {
                message: `card "${name}" of host "${host.name}" is x${facts.lanes}${widthDoubt}, and slot "${slot}" is wired x${found.lanes}`,
                path: ["hardware", "hosts", index, "cards", at, "slot"],
              },
            ];
      }),
    ),
  remedy: "Choose a slot with more lanes.",
};
