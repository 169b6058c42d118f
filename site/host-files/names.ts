import { hostNamesOf, resolversOf } from "../hardware/names";
import type { Site } from "../manifest";
import { type HostFilesPlan, head } from "./plan";

const local = `127.0.0.1 localhost.localdomain localhost
::1 ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;

/** Hosts know each other without a resolver: none of theirs may be up yet. */
export function nameFiles(site: Site): HostFilesPlan[] {
  const resolvers = resolversOf(site);
  if (resolvers === undefined) return [];
  const names = hostNamesOf(site)
    .map(({ address, names: all }) => `${address} ${all.join(" ")}\n`)
    .join("");
  const { servers, search } = resolvers;
  return site.hardware.hosts.map(({ name: host }) => ({
    host,
    name: "names",
    adopt: true,
    files: [
      { path: "/etc/hosts", content: `${head}${local}${names}` },
      {
        path: "/etc/resolv.conf",
        content: `${head}search ${search.join(" ")}\n${servers
          .map((address) => `nameserver ${address}\n`)
          .join("")}`,
      },
    ],
  }));
}
