import ipaddr from "ipaddr.js";
import type { Line, Wan } from "../manifest";
import { contains } from "../schema/address";
import { isRouted, type RoutedSite } from "../uci";
import { healthOf } from "../uci/health";
import type { Rule } from "./finding";
import { together } from "./lines";

/** Where cable modems have their own page, whether their line works or not. */
const modem = "192.168.100.0/24";
/** Resolvers for everybody, each of another operator. */
const farAway = {
  ipv4: ["1.1.1.1", "8.8.8.8", "9.9.9.9", "208.67.222.222"],
  ipv6: ["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"],
};

export const lineHealth: Rule = {
  id: "line-health",
  severity: "error",
  title: "A line is up when something beyond its provider answers",
  fact: "mwan3 never calls a line online that needs more answers than it has targets (mwan3track), and a target in the provider's own network or the modem answers while the internet does not.",
  check: (site) =>
    isRouted(site)
      ? [
          ...nearOfIpv6(site.wan),
          ...together(
            site.wan.lines.flatMap((line, index) =>
              ofLine(site, line, ["wan", "lines", index]),
            ),
          ),
        ]
      : [],
  remedy: "Ping what is far away, and ask for no more answers than it gives.",
};

function nearOfIpv6({ ipv6 }: Wan) {
  if (ipv6 === "off") return [];
  return ipv6.targets.flatMap((target, at) =>
    isOfInternet(target)
      ? []
      : [
          {
            message: `the lines ping ${target}, which is no address of the internet`,
            path: ["wan", "ipv6", "targets", at],
            remedy: instead(farAway.ipv6, ipv6.targets),
          },
        ],
  );
}

function ofLine(site: RoutedSite, line: Line, path: readonly PropertyKey[]) {
  const { ipv6 } = site.wan;
  const { targets, reliability } = healthOf(site, line);
  // One that is written twice answers twice, or not at all.
  const fewest = Math.min(
    new Set(targets).size,
    new Set(ipv6 === "off" ? targets : ipv6.targets).size,
  );
  const own = (key: "targets" | "reliability") =>
    line.health?.[key] === undefined
      ? ["wan", "health", key]
      : [...path, "health", key];
  const far = farAway.ipv4.filter((target) => !nearness(line, target));
  return [
    ...(reliability > fewest
      ? [
          {
            line: line.name,
            one: `needs ${reliability} answers and pings ${fewest}, so it would never be up`,
            several: `need ${reliability} answers and ping ${fewest}, so they would never be up`,
            path: own("reliability"),
            remedy: "Ask for fewer answers, or ping more.",
          },
        ]
      : []),
    ...targets.flatMap((target, at) => {
      const why = nearness(line, target);
      return why
        ? [
            {
              line: line.name,
              one: `pings ${target}, which is ${why}`,
              several: `ping ${target}, which is ${why}`,
              path: [...own("targets"), at],
              remedy: instead(far, targets),
            },
          ]
        : [];
    }),
  ];
}

function instead(far: readonly string[], used: readonly string[]): string {
  const other = far.find((target) => !used.includes(target));
  return `Ping what is far away${other ? `, like ${other}` : ""}.`;
}

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
