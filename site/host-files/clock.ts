import { clocksOf } from "../hardware/names";
import type { Site } from "../manifest";
import { type HostFilesPlan, head } from "./plan";

/** As Debian's chrony.conf includes them. */
const folder = "/etc/chrony";

export function clockFiles(site: Site): HostFilesPlan[] {
  return clocksOf(site).map(({ host, sources, serves }) => ({
    host,
    name: "clock",
    files: [
      {
        path: `${folder}/sources.d/hybrid-site.sources`,
        content: `${head}${sources
          .map((source) => `server ${source} iburst\n`)
          .join("")}`,
      },
      ...(serves.length === 0
        ? []
        : [
            {
              path: `${folder}/conf.d/hybrid-site.conf`,
              // Its own clock while nobody upstream answers: the site's machines
              // stay together.
              content: `${head}${serves
                .map((cidr) => `allow ${cidr}\n`)
                .join("")}local stratum 10 orphan\n`,
            },
          ]),
    ],
    reload: ["systemctl", "restart", "chrony.service"],
  }));
}
