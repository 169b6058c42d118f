import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { storagesOf } from "../storage/mounts";
import { suggest } from "../suggest";

export function danglingReferences(site: Site) {
  const { hardware, networks, proxmox, guests } = site;
  const problems: Problem[] = [];
  const refer = (
    what: string,
    name: string,
    known: string[],
    ...path: PropertyKey[]
  ) => {
    if (known.includes(name)) return;
    problems.push({
      message: `there is no ${what} "${name}"${suggest(name, known)}`,
      path,
    });
  };
  const names = (items: readonly { name: string }[]) =>
    items.map(({ name }) => name);
  const networkNames = names(networks);
  for (const [index, host] of hardware.hosts.entries()) {
    for (const network of Object.keys(host.addresses)) {
      refer(
        "network",
        network,
        networkNames,
        "hardware",
        "hosts",
        index,
        "addresses",
        network,
      );
    }
  }
  for (const [index, { host, bridges }] of proxmox.hosts.entries()) {
    const here = ["proxmox", "hosts", index] as const;
    refer("host", host, names(hardware.hosts), ...here, "host");
    for (const [number, bridge] of bridges.entries()) {
      for (const [at, network] of bridge.networks.entries()) {
        refer(
          "network",
          network,
          networkNames,
          ...here,
          "bridges",
          number,
          "networks",
          at,
        );
      }
    }
  }
  for (const [index, guest] of guests.entries()) {
    const here = ["guests", index] as const;
    refer(
      "Proxmox host",
      guest.host,
      proxmox.hosts.map(({ host }) => host),
      ...here,
      "host",
    );
    refer("image", guest.image, names(proxmox.images), ...here, "image");
    const host = proxmox.hosts.find(
      (candidate) => candidate.host === guest.host,
    );
    if (host === undefined) continue;
    const what = (kind: string) => `${kind} on host "${guest.host}" called`;
    const storages = names(storagesOf(site, guest.host));
    for (const [at, disk] of guest.disks.entries()) {
      refer(
        what("storage"),
        disk.storage,
        storages,
        ...here,
        "disks",
        at,
        "storage",
      );
    }
    for (const key of ["cloudInit", "efiDisk", "tpm"] as const) {
      const { storage } = guest[key] ?? {};
      if (storage === undefined) continue;
      refer(what("storage"), storage, storages, ...here, key, "storage");
    }
    for (const [at, nic] of guest.nics.entries()) {
      refer(
        what("bridge"),
        nic.bridge,
        names(host.bridges),
        ...here,
        "nics",
        at,
        "bridge",
      );
      if (nic.network)
        refer(
          "network",
          nic.network,
          networkNames,
          ...here,
          "nics",
          at,
          "network",
        );
      for (const [number, network] of (nic.trunk ?? []).entries()) {
        refer(
          "network",
          network,
          networkNames,
          ...here,
          "nics",
          at,
          "trunk",
          number,
        );
      }
      if ((nic.network === undefined) === (nic.trunk === undefined)) {
        problems.push({
          message:
            "a NIC is in one network or carries a trunk, give either network or trunk",
          path: [...here, "nics", at],
        });
      }
    }
  }
  return problems;
}
