import { chipsets, doubt, machine, processor } from "../catalog";
import { cardsOf, lanesOf } from "../hardware/cards";
import type { Rule } from "./finding";

export const pcieLanes: Rule = {
  id: "pcie-lanes",
  severity: "error",
  title: "The processors have lanes for the cards",
  fact: "Xeon E-2100 has 16 PCI Express lanes in at most three links, Xeon E5 v3 and v4 have 40 each (Intel ARK); an LSI 9207-8e takes 8 (Broadcom). What finds none hangs off the chipset and shares its link.",
  check: ({ hardware }) =>
    hardware.hosts.flatMap((host, index) => {
      const { name, cpu, model } = host;
      if (cpu === undefined) return [];
      const cards = cardsOf(host);
      const { title, lanes, links } = processor(cpu.model);
      const there = lanes * cpu.count;
      const asked = lanesOf(cards);
      if (asked <= there) return [];
      const adapters = cards.filter(({ facts }) => facts.kind === "sas");
      const storage = lanesOf(adapters);
      const chipset = chipsets[machine(model).chipset];
      const vague = cards.some(({ widthDoubt }) => widthDoubt)
        ? " (some assumed)"
        : "";
      return [
        {
          message: [
            `cards of host "${name}" ask for ${asked} lanes${vague}, and ${cpu.count > 1 ? `${cpu.count} ` : ""}${title} ${cpu.count > 1 ? "have" : "has"} ${there}${links ? ` in ${links} links` : ""}`,
            ...(storage >= there
              ? [
                  `${adapters.map(({ name: card }) => card).join(" and ")} take all ${there}`,
                ]
              : []),
            `the rest shares the link of ${chipset.title}, ${chipset.uplink}${doubt<{ uplink: string }>(chipset, "uplink")}`,
          ].join("; "),
          path: ["hardware", "hosts", index, "cards"],
        },
      ];
    }),
  remedy: "Leave cards out, or take a machine with more lanes.",
};
