import { isRouted } from "../uci";
import { failoverBound } from "../uci/health";
import type { Rule } from "./finding";
import { together } from "./lines";

export const failover: Rule = {
  id: "failover-bound",
  severity: "error",
  title: "A dead line is given up in time",
  fact: "mwan3track says that a line is down after interval + down x (targets x count x timeout) + (down - 1) x failure interval at the longest; with its own defaults and four targets that is 130 s.",
  check: (site) => {
    if (!isRouted(site)) return [];
    const { failoverWithin, lines } = site.wan;
    return together(
      lines.flatMap((line, index) => {
        const bound = failoverBound(site, line);
        if (bound <= failoverWithin) return [];
        const late = (they: string) =>
          `may be dead for ${bound / 1_000} s before ${they} given up, and wan.failoverWithin is ${failoverWithin / 1_000} s`;
        return [
          {
            line: line.name,
            path: line.health
              ? ["wan", "lines", index, "health"]
              : ["wan", "health"],
            one: late("it is"),
            several: late("they are"),
          },
        ];
      }),
    );
  },
  remedy: "Ping fewer targets, or with shorter time-outs, pauses or rounds.",
};
