import ipaddr from "ipaddr.js";
import type { Site } from "../manifest";
import type { Problem } from "../problem";

type Path = readonly PropertyKey[];

export function duplicateNames({ hardware, networks, proxmox, guests }: Site) {
  return [
    twice("host name", hardware.hosts, (host) => host.name, [
      "hardware",
      "hosts",
    ]),
    twice("network name", networks, (network) => network.name, ["networks"]),
    twice("VLAN id", networks, ({ vlan }) => `${vlan}`, ["networks"], "vlan"),
    twice(
      "Proxmox host",
      proxmox.hosts,
      ({ host }) => host,
      ["proxmox", "hosts"],
      "host",
    ),
    twice("image name", proxmox.images, ({ name }) => name, [
      "proxmox",
      "images",
    ]),
    twice("guest name", guests, ({ name }) => name, ["guests"]),
    ...guests.map((guest, index) =>
      twice(
        "disk slot",
        guest.disks,
        ({ slot }) => slot,
        ["guests", index, "disks"],
        "slot",
      ),
    ),
  ].flat();
}

export function twice<T>(
  what: string,
  items: readonly T[],
  key: (item: T) => string,
  path: Path,
  property = "name",
): Problem[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const value = key(item);
    const repeated = seen.has(value);
    seen.add(value);
    const message = `${what} "${value}" is used twice, give each its own`;
    return repeated ? [{ message, path: [...path, index, property] }] : [];
  });
}

/** Of addresses that stand in for each other: one of them twice is one. */
export function repeated(
  what: string,
  addresses: readonly string[] | undefined,
  path: Path,
): Problem[] {
  const seen = new Set<string>();
  return (addresses ?? []).flatMap((address, index) => {
    const same = ipaddr.parse(address).toString();
    const isRepeated = seen.has(same);
    seen.add(same);
    const message = `${what} ${address} is there twice, and stands in for nothing, drop it or write another`;
    return isRepeated ? [{ message, path: [...path, index] }] : [];
  });
}
