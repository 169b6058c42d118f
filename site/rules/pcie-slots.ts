import { doubt, machine } from "../catalog";
import { cardsOf } from "../hardware/cards";
import type { Host } from "../manifest";
import type { Rule } from "./finding";

export const pcieSlots: Rule = {
  id: "pcie-slots",
  severity: "error",
  title: "Every card has a slot that it fits into",
  fact: "Servers of the class of Dell's R240 and R340 have a riser with one x8 and one x4 slot; the R630 has three low-profile slots (Dell).",
  check: ({ hardware }) =>
    hardware.hosts.flatMap((host, index) => {
      const { name, cards } = host;
      const facts = machine(host.model);
      const { slots, slotCount } = facts;
      const path = ["hardware", "hosts", index, "cards"];
      const unsure = doubt(facts, "slots", "slotCount");
      const wide = cardsOf(host);
      return [
        ...(slotCount !== undefined && cards.length > slotCount
          ? [
              {
                message: `host "${name}" has ${cards.length} cards, and ${facts.title} has ${slotCount} slots${unsure}`,
                path,
              },
            ]
          : []),
        ...(cards.length > (slotCount ?? 0) ? [] : unplaced(host, path)),
        ...cards.flatMap(({ name: card, slot }, at) => {
          if (slot === undefined || slots === undefined) return [];
          const here = [...path, at, "slot"];
          const found = slots.find((item) => item.name === slot);
          if (found === undefined) {
            const known = slots.map((item) => item.name).join(", ");
            return [
              {
                message: `card "${card}" is in slot "${slot}", and ${facts.title} has ${known}${unsure}`,
                path: here,
              },
            ];
          }
          const other = cards.findIndex((item) => item.slot === slot);
          if (other < at) {
            return [
              {
                message: `cards "${cards[other]?.name}" and "${card}" are in slot "${slot}" both`,
                path: here,
              },
            ];
          }
          const placed = wide.find(({ index }) => index === at);
          return placed && placed.facts.lanes > found.width
            ? [
                {
                  message: `card "${card}" is x${placed.facts.lanes}${placed.widthDoubt}, and slot "${slot}" is x${found.width}${unsure}`,
                  path: here,
                },
              ]
            : [];
        }),
      ];
    }),
  remedy: "Leave cards out, choose other slots, or another machine.",
};

/** Cards that may go anywhere, for which no slot that is left is wide enough: the widest has the first choice. */
function unplaced(host: Host, path: readonly PropertyKey[]) {
  const facts = machine(host.model);
  const taken = host.cards.map(({ slot }) => slot);
  const free = (facts.slots ?? [])
    .filter(({ name }) => !taken.includes(name))
    .map(({ width }) => width)
    .sort((left, right) => right - left);
  if (facts.slots === undefined) return [];
  return cardsOf(host)
    .filter(({ slot }) => slot === undefined)
    .sort((left, right) => right.facts.lanes - left.facts.lanes)
    .flatMap(({ name, facts: { lanes }, widthDoubt, index }, at) => {
      const width = free[at] ?? 0;
      return lanes <= width
        ? []
        : [
            {
              message: `card "${name}" of host "${host.name}" is x${lanes}${widthDoubt}, and of the slots of ${facts.title} ${width > 0 ? `x${width} is the widest` : "none"} is left${doubt(facts, "slots")}`,
              path: [...path, index],
            },
          ];
    });
}
