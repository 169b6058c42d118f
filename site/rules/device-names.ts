import type { Router, Wan } from "../manifest";
import { longestDevice, pppoeDevice } from "../uci/names";
import { bridge } from "../uci/network";
import type { Rule } from "./finding";

export const deviceNames: Rule = {
  id: "device-names",
  severity: "error",
  title: "Linux takes the names of the router's devices, and each is one",
  fact: "netifd filters VLANs on a bridge that has one (config.c), so what is left on the bridge itself gets nothing; a VLAN of the bridge or the trunk is a network of the site. A device's name has at most 15 characters (IFNAMSIZ); netifd cannot make one with more, and pppd calls the one of a session pppoe-INTERFACE (ppp.sh).",
  check: ({ wan, router }) => [
    ...inside(wan, router),
    ...[
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
  ],
  remedy: `Call the device as the router does, with at most ${longestDevice}.`,
};

/** Lines on what carries the site's own networks, or a trunk on its own bridge. */
function inside(wan: Wan | undefined, router: Router | undefined) {
  const named = [
    ...(wan?.lines ?? []).map(({ name, port }, index) => ({
      what: `port "${port}" of line "${name}"`,
      base: port.split(".")[0],
      taken: [bridge, router?.trunk],
      path: ["wan", "lines", index, "port"],
      // The trunk itself is told of when the manifest is read.
      isTold: port === router?.trunk,
    })),
    {
      what: `trunk "${router?.trunk}"`,
      base: router?.trunk.split(".")[0],
      taken: [bridge],
      path: ["router", "trunk"],
      isTold: router === undefined,
    },
  ];
  return named.flatMap(({ what, base, taken, path, isTold }) =>
    !isTold && taken.includes(base)
      ? [{ message: `${what} is where the site's own networks are`, path }]
      : [],
  );
}
