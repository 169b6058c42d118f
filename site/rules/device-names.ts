import { longestDevice } from "../uci/names";
import type { Rule } from "./finding";

export const deviceNames: Rule = {
  id: "device-names",
  severity: "error",
  title: "Linux takes the names of the router's devices",
  fact: "A device's name has at most 15 characters (IFNAMSIZ); netifd cannot make one with more.",
  check: ({ wan, router }) =>
    [
      { name: router?.trunk ?? "", path: ["router", "trunk"] },
      ...(wan?.lines ?? []).map(({ port }, index) => ({
        name: port,
        path: ["wan", "lines", index, "port"],
      })),
    ].flatMap(({ name, path }) =>
      name.length > longestDevice
        ? [{ message: `device "${name}" has ${name.length} characters`, path }]
        : [],
    ),
  remedy: `Call the device as the router does, with at most ${longestDevice}.`,
};
