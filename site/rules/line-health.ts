import ipaddr from "ipaddr.js";
import type { Line } from "../manifest";
import { contains } from "../schema/address";
import { isRouted } from "../uci";
import { healthOf } from "../uci/health";
import type { Rule } from "./finding";

/** Where cable modems have their own page, whether their line works or not. */
const modem = "192.168.100.0/24";

export const lineHealth: Rule = {
  id: "line-health",
  severity: "error",
  title: "A line is up when something beyond its provider answers",
  fact: "mwan3 never calls a line online that needs more answers than it has targets (mwan3track), and a target in the provider's own network or the modem answers while the internet does not.",
  check: (site) => {
    if (!isRouted(site)) return [];
    const { ipv6 } = site.wan;
    const near = (ipv6 === "off" ? [] : ipv6.targets).flatMap((target, at) =>
      isOfInternet(target)
        ? []
        : [
            {
              message: `the lines ping ${target}, which is no address of the internet`,
              path: ["wan", "ipv6", "targets", at],
            },
          ],
    );
    const lines = site.wan.lines.flatMap((line, index) => {
      const { targets, reliability } = healthOf(site, line);
      // One that is written twice answers twice, or not at all.
      const fewest = Math.min(
        new Set(targets).size,
        new Set(ipv6 === "off" ? targets : ipv6.targets).size,
      );
      const own = (key: "targets" | "reliability") =>
        line.health?.[key] === undefined
          ? ["wan", "health", key]
          : ["wan", "lines", index, "health", key];
      return [
        ...(reliability > fewest
          ? [
              {
                message: `line "${line.name}" needs ${reliability} answers and pings ${fewest}, so it would never be up`,
                path: own("reliability"),
              },
            ]
          : []),
        ...targets.flatMap((target, at) => {
          const why = nearness(line, target);
          return why
            ? [
                {
                  message: `line "${line.name}" pings ${target}, which is ${why}`,
                  path: [...own("targets"), at],
                },
              ]
            : [];
        }),
      ];
    });
    return [...near, ...lines];
  },
  remedy: "Ping what is far away, like 1.1.1.1, and no more than is asked for.",
};

function nearness(line: Line, target: string): string | undefined {
  if (contains(modem, target)) return "the modem's own address";
  if (line.protocol === "static") {
    const network = ipaddr.IPv4.networkAddressFromCIDR(line.address);
    const length = line.address.split("/")[1];
    if (target === line.gateway || contains(`${network}/${length}`, target))
      return "in its provider's own network";
  }
  return isOfInternet(target) ? undefined : "no address of the internet";
}

function isOfInternet(target: string): boolean {
  return ipaddr.parse(target).range() === "unicast";
}
