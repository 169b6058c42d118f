import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** By ipaddr.js's names of ranges. */
const useless: Readonly<Record<string, string>> = {
  unspecified:
    "must be one address: this is every one that the host has, the internet's side among them",
  linkLocal: "must not be link-local",
  ipv4Mapped: "must be written as the address of IPv4 that it is",
  loopback: "must be an address of a network: this is the host's own loopback",
  multicast: "must be an address of the host: this is a group's",
  broadcast: "must be an address of the host: this is everybody's",
};

/** Why nothing should listen on an address, or will not be found to; undefined: nothing is wrong. */
export function listenProblem(address: string): string | undefined {
  if (isIP(address) === 0 || address.includes("%"))
    return "must be an address of the host";
  const parsed = ipaddr.parse(address);
  const wrong = useless[parsed.range()];
  if (wrong !== undefined) return wrong;
  const canonical = parsed.toString();
  // Hosts list their sockets so, and that is what it is compared with.
  return address === canonical ? undefined : `must be written ${canonical}`;
}
