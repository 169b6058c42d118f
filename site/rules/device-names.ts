import { longestDevice, pppoeDevice } from "../uci/names";
import type { Rule } from "./finding";

export const deviceNames: Rule = {
  id: "device-names",
  severity: "error",
  title: "Linux takes the names of the router's devices",
  fact: "A device's name has at most 15 characters (IFNAMSIZ); netifd cannot make one with more, and pppd calls the one of a session pppoe-INTERFACE (ppp.sh).",
  check: ({ wan, router }) =>
    [
      { name: router?.trunk ?? "", path: ["router", "trunk"] },
      ...(wan?.lines ?? []).map(({ port }, index) => ({
        name: port,
        path: ["wan", "lines", index, "port"],
      })),
      ...(wan?.lines ?? []).flatMap(({ protocol, interface: name }, index) =>
        protocol === "pppoe"
          ? [
              {
                name: pppoeDevice(name),
                path: ["wan", "lines", index, "interface"],
              },
            ]
          : [],
      ),
    ].flatMap(({ name, path }) =>
      name.length > longestDevice
        ? [{ message: `device "${name}" has ${name.length} characters`, path }]
        : [],
    ),
  remedy: `Call the device as the router does, with at most ${longestDevice}.`,
};
