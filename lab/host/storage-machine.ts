import { bootUnits, installUnits, systemctl } from "./coreutils/systemd";
import { bootDisks, type DiskSpec, installDisks } from "./disks";
import { blkid } from "./disks/tools/blkid";
import { lsblk } from "./disks/tools/lsblk";
import { wipefs } from "./disks/tools/wipefs";
import { tools as factTools } from "./facts";
import {
  exportedTo,
  isServing,
  tools as nfsTools,
  refreshExports,
  startServer,
  stopServer,
} from "./nfs";
import type { Tool } from "./tool";
import type { HostWorld } from "./world";
import { bootZfs, mountsOf, tools as zfsTools } from "./zfs";

const units = {
  "nfs-server.service": {
    start: startServer,
    reload: refreshExports,
    stop: stopServer,
  },
};

/** Debian with ZFS, multipath-tools and the kernel's NFS server. */
export const storageTools: Record<string, Tool> = {
  blkid,
  lsblk,
  wipefs,
  ...factTools,
  ...zfsTools,
  ...nfsTools,
  systemctl: systemctl(units),
  "update-initramfs": () => 0,
};

const installed = [
  ...Object.keys(units),
  "chrony.service",
  "cron.service",
  "zfs-zed.service",
  "multipathd.service",
];

/** In the order of the real boot: disks, pools, file systems, what serves them. */
export function bootStorage(
  world: HostWorld,
  disks: readonly DiskSpec[],
): void {
  installDisks(world, { disks });
  installUnits(world, installed);
  bootDisks(world);
  bootZfs(world);
  bootUnits(world, units);
}

/** What a client at an address could mount now. */
export function servedPaths(world: HostWorld, client: string): string[] {
  if (!isServing(world)) return [];
  const mounted = mountsOf(world).map(({ target }) => target);
  return mounted.filter((path) =>
    exportedTo(world, path, client, (at) => mounted.includes(at)),
  );
}
