import { card } from "../catalog";
import type { Site } from "../manifest";
import type { Rule } from "./finding";

type Cable = Site["hardware"]["cabling"]["sas"][number];

export const sasConnectors: Rule = {
  id: "sas-connectors",
  severity: "error",
  title: "A SAS cable fits at both ends",
  fact: "The external ports of a 9207-8e are SFF-8088 (6 Gb/s mini-SAS), not SFF-8644 (Broadcom): between the two goes a cable with one of each.",
  check: ({ hardware }) =>
    hardware.cabling.sas.flatMap((cable, index) => {
      const ends = [source(hardware, cable), target(hardware, cable)];
      return ends.flatMap((end, at) => {
        const plug = cable.plugs[at];
        return end?.connector === undefined || end.connector === plug
          ? []
          : [
              {
                message: `cable to shelf "${cable.to}" ends in ${plug}, and ${end.name} has ${end.connector}`,
                path: ["hardware", "cabling", "sas", index, "plugs", at],
              },
            ];
      });
    }),
  remedy: "Take a cable with the plug that fits.",
};

function source({ hosts, shelves }: Site["hardware"], { from }: Cable) {
  if (from.host === undefined) {
    const shelf = shelves.find(({ name }) => name === from.shelf);
    return shelf && { ...shelf, name: `shelf "${shelf.name}"` };
  }
  const model = hosts
    .find(({ name }) => name === from.host)
    ?.cards.find(({ name }) => name === from.card)?.model;
  if (model === undefined) return undefined;
  return {
    name: `${model} "${from.card}" of host "${from.host}"`,
    connector: card(model)?.connector,
  };
}

function target({ shelves }: Site["hardware"], { to }: Cable) {
  const shelf = shelves.find(({ name }) => name === to);
  return shelf && { ...shelf, name: "it" };
}
