import type { Site } from "../manifest";

type Host = Site["proxmox"]["hosts"][number];
type Storage = Host["storages"][number];

const gibibyte = 2 ** 30;

/** The storages with more disks on them than they have room, at their place. */
export function overfull(
  { proxmox, guests }: Site,
  applies: (storage: Storage) => boolean,
): { message: string; path: readonly PropertyKey[] }[] {
  const clusterOf = ({ host, cluster = host }: Host) => cluster;
  return proxmox.hosts.flatMap((host, index) => {
    // A share of several hosts is one storage, told where it comes first.
    const sharing = (name: string) =>
      proxmox.hosts.filter(
        (other) =>
          clusterOf(other) === clusterOf(host) &&
          other.storages.some((item) => item.name === name),
      );
    return host.storages.flatMap((storage, at) => {
      const { name, size, type } = storage;
      const users = type === "nfs" ? sharing(name) : [host];
      if (!applies(storage) || users[0] !== host) return [];
      const used = guests
        .filter((guest) => users.some((user) => user.host === guest.host))
        .flatMap(({ disks }) => disks)
        .filter((disk) => disk.storage === name)
        .reduce((sum, disk) => sum + disk.size, 0);
      return used <= size
        ? []
        : [
            {
              message: `disks on storage "${name}" of host "${host.host}" take ${used / gibibyte} GiB of ${size / gibibyte} GiB`,
              path: ["proxmox", "hosts", index, "storages", at, "size"],
            },
          ];
    });
  });
}

/** The same of mounts, whose room is the dataset's quota. */
export function overfullMounts({ storage, guests }: Site) {
  return (storage?.mounts ?? []).flatMap(({ name, dataset, hosts }, index) => {
    const quota = storage?.datasets.find(
      (item) => item.name === dataset,
    )?.quota;
    const used = guests
      .filter(({ host }) => hosts.includes(host))
      .flatMap(({ disks }) => disks)
      .filter((disk) => disk.storage === name)
      .reduce((sum, disk) => sum + disk.size, 0);
    return quota === undefined || used <= quota
      ? []
      : [
          {
            message: `disks on "${name}" take ${used / gibibyte} GiB, and dataset "${dataset}" may have ${quota / gibibyte} GiB`,
            path: ["storage", "mounts", index],
          },
        ];
  });
}
