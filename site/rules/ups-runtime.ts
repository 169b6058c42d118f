import { hostsOf } from "../hardware/sas";
import { powerOf } from "../hardware/start-order";
import type { Rule } from "./finding";

export const upsRuntime: Rule = {
  id: "ups-runtime",
  severity: "error",
  title:
    "The battery lasts until all are down, and feeds what belongs together",
  fact: "A shelf that goes dark before its server takes the pool's last writes along; a shutdown takes as long as its steps wait.",
  check: (site) => {
    const { hardware, power } = site;
    const { shutdown } = powerOf(site);
    const feeds = (power?.ups ?? []).flatMap((ups) => ups.feeds);
    const dark = hardware.shelves.flatMap(({ name }) =>
      hostsOf(hardware, name)
        .filter((host) => feeds.includes(host) && !feeds.includes(name))
        .map((host) => ({
          message: `host "${host}" has a battery, and its shelf "${name}" has none`,
          path: ["power", "ups"],
        })),
    );
    return [
      ...dark,
      ...(power?.ups ?? []).flatMap(
        ({ name, feeds, shutdownAfter, runtime }, index) => {
          // What others wait for counts until the last one that it feeds is down.
          const last = shutdown.reduce(
            (found, { hosts, shelves }, at) =>
              [...hosts, ...shelves].some((item) => feeds.includes(item))
                ? at
                : found,
            -1,
          );
          const seconds = shutdown
            .slice(0, last + 1)
            .reduce((sum, { waitSeconds }) => sum + waitSeconds, 0);
          const needed = shutdownAfter / 1_000 + seconds;
          return needed <= runtime / 1_000
            ? []
            : [
                {
                  message: `UPS "${name}" lasts ${runtime / 1_000} s, and all are down after ${needed} s`,
                  path: ["power", "ups", index, "runtime"],
                },
              ];
        },
      ),
    ];
  },
  remedy: "Begin earlier, wait shorter, or take a larger battery.",
};
