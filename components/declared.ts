import { formatOwner } from "../providers/dynamic/owner";
import { qatDevicesOf, type Site } from "../site";
import { hostFilesOf } from "../site/host-files";
import {
  exportsOf,
  initiatorsOf,
  multipathOf,
  sharesOf,
  targetsOf,
} from "../site/storage";

/**
 * The owners of what the manifest declares and an `up` takes up where an
 * earlier one was ended. Pools and datasets are not among them: one that is not
 * in the state was kept, which is to be told.
 */
export function declaredBy(whole: Site): string[] {
  const { site, guests, proxmox, router } = whole;
  const owner = (kind: string, name: string) =>
    formatOwner(site.id, kind, name);
  return [
    ...guests.map(({ name }) => owner("VirtualMachine", name)),
    ...proxmox.hosts.flatMap(({ host, bridges }) =>
      bridges.map(({ name }) => owner("Bridge", `${host}-${name}`)),
    ),
    ...(router ? [owner("Router", router.guest)] : []),
    ...hostFilesOf(whole).map(({ host, name }) =>
      owner("ManagedFiles", `${host}-${name}`),
    ),
    ...initiatorsOf(whole).map(({ host }) =>
      owner("ManagedFiles", `${host}-iscsi`),
    ),
    ...targetsOf(whole).map(({ name }) => owner("IscsiTarget", name)),
    ...exportsOf(whole).map(({ host }) => owner("NfsExports", host)),
    ...sharesOf(whole).map(({ host }) => owner("SmbShares", host)),
    ...qatDevicesOf(whole).map(({ name }) => owner("QatDevice", name)),
    ...multipathOf(whole).map(({ host }) =>
      owner("MultipathMap", `${host}-multipath`),
    ),
  ];
}
