import { deriveDhcp } from "./dhcp";
import { deriveFirewall } from "./firewall";
import { failoverBound } from "./health";
import { deriveMwan3 } from "./mwan3";
import { deriveNetwork } from "./network";
import type { RoutedSite } from "./routed";
import type { Section } from "./section";

export { isRouted, type RoutedSite } from "./routed";
export type { Section } from "./section";

export interface RouterConfiguration {
  network: Section[];
  firewall: Section[];
  dhcp: Section[];
  mwan3: Section[];
  /** Of each line's interface: until mwan3 says that it is down. */
  failoverBoundMs: Record<string, number>;
}

/** The files of UCI that the manifest means. */
export function deriveRouter(site: RoutedSite): RouterConfiguration {
  return {
    network: deriveNetwork(site),
    firewall: deriveFirewall(site),
    dhcp: deriveDhcp(site),
    mwan3: deriveMwan3(site),
    failoverBoundMs: Object.fromEntries(
      site.wan.lines.map((line) => [line.interface, failoverBound(site, line)]),
    ),
  };
}
