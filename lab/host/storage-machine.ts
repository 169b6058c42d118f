import { mkdirSync } from "node:fs";
import { bootUnits, installUnits, systemctl } from "./coreutils/systemd";
import {
  bootDisks,
  type DiskSpec,
  tools as diskTools,
  units as diskUnits,
  installDisks,
  multipathTools,
} from "./disks";
import { tools as factTools } from "./facts";
import { updateInitramfs } from "./initramfs";
import {
  bootTargets,
  startTargets,
  stopTargets,
  tools as targetTools,
  targetUnit,
} from "./lio";
import {
  exportedTo,
  isServing,
  tools as nfsTools,
  refreshExports,
  startServer,
  stopServer,
} from "./nfs";
import { bootQat, tools as qatTools, units as qatUnits } from "./qat";
import {
  installSamba,
  tools as sambaTools,
  setAddresses,
  startServer as startSamba,
  stopServer as stopSamba,
} from "./samba";
import type { Tool } from "./tool";
import type { HostWorld } from "./world";
import { bootZfs, mountsOf, tools as zfsTools } from "./zfs";

const units = {
  ...diskUnits,
  ...qatUnits,
  "nfs-server.service": {
    start: startServer,
    reload: refreshExports,
    stop: stopServer,
  },
  [targetUnit]: {
    start: (world: HostWorld) => startTargets(world),
    stop: stopTargets,
  },
  "smbd.service": { start: startSamba, stop: stopSamba },
};

/** Debian with ZFS, multipath-tools, the kernel's NFS server and targets, and Samba. */
export const storageTools: Record<string, Tool> = {
  ...diskTools,
  ...multipathTools,
  ...factTools,
  ...zfsTools,
  ...nfsTools,
  ...targetTools,
  ...sambaTools,
  ...qatTools,
  systemctl: systemctl(units),
  "update-initramfs": updateInitramfs,
};

const installed = [
  ...Object.keys(diskUnits),
  "nfs-server.service",
  targetUnit,
  "smbd.service",
  "chrony.service",
  "cron.service",
  "iscsid.service",
  "zfs-zed.service",
];

/** Those of the packages, into which others put files. */
const folders = [
  "/etc/chrony/conf.d",
  "/etc/chrony/sources.d",
  "/etc/cron.d",
  "/etc/exports.d",
  "/etc/modprobe.d",
  "/etc/iscsi",
  "/etc/multipath",
  "/etc/rtslib-fb-target",
  "/etc/systemd/system",
  "/etc/zfs/zed.d",
  "/usr/local/sbin",
  "/var/lib/nfs",
];

/** In the order of the real boot: disks, pools, file systems, what serves them. */
export function bootStorage(
  world: HostWorld,
  disks: readonly DiskSpec[],
  /** Of the machine's own, beside the loopback's. */
  addresses: readonly string[] = [],
): void {
  for (const path of folders)
    mkdirSync(world.path(path), { recursive: true, mode: 0o755 });
  installDisks(world, { disks });
  installUnits(world, installed);
  installSamba(world);
  setAddresses(world, addresses);
  bootQat(world);
  bootDisks(world);
  bootTargets(world);
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
