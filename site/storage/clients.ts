import type { Site } from "../manifest";

/** Whom an export's word means. */
export interface Client {
  kind: "host" | "guest" | "network";
  /** The network that it stands in. */
  network: string;
  /** Of the machine, or the whole network. */
  address: string;
}

/** Hosts come first, then guests, then networks; undefined: there is none that can be reached. */
export function clientOf(site: Site, name: string): Client | undefined {
  const network = site.storage?.network ?? "";
  const host = site.hardware.hosts.find((item) => item.name === name);
  if (host) {
    const address = host.addresses[network];
    return address ? { kind: "host", network, address } : undefined;
  }
  const guest = site.guests.find((item) => item.name === name);
  if (guest) {
    const nics = guest.nics.flatMap(({ network: at, address }) =>
      at && address && address !== "dhcp" && address !== "none"
        ? [{ kind: "guest" as const, network: at, address }]
        : [],
    );
    return nics.find((nic) => nic.network === network) ?? nics[0];
  }
  const whole = site.networks.find((item) => item.name === name);
  return whole && { kind: "network", network: name, address: whole.cidr };
}
