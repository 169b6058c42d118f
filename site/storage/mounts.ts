import type { Mount, ProxmoxHost, Site } from "../manifest";
import { servedAt } from "./exports";

export interface MountPlan {
  /** The host that is asked to make it, for all hosts of its cluster. */
  host: string;
  /** PVE's storage id. */
  name: string;
  /** Of a cluster: the nodes that mount it; undefined: all there are. */
  nodes?: string[];
  dataset: string;
  /** The host that serves it. */
  servedBy: string;
  server: string;
  export: string;
  content: Mount["content"];
  options?: string[];
}

/** One for each host that stands alone, and one for each cluster. */
export function mountsOf(site: Site): MountPlan[] {
  return (site.storage?.mounts ?? []).flatMap((mount) => {
    const served = servedAt(site, mount.dataset);
    if (served === undefined) return [];
    const { name, dataset, content, options } = mount;
    return placesOf(site, mount.hosts).map(({ host, nodes }) => ({
      host,
      name,
      ...(nodes && { nodes }),
      dataset,
      servedBy: served.host,
      server: served.server,
      export: served.path,
      content,
      ...(options && { options }),
    }));
  });
}

function placesOf(
  { proxmox }: Site,
  names: readonly string[],
): { host: string; nodes?: string[] }[] {
  const hosts = proxmox.hosts.filter(({ host }) => names.includes(host));
  const first = ({ cluster }: ProxmoxHost, index: number) =>
    cluster === undefined ||
    hosts.findIndex((other) => other.cluster === cluster) === index;
  return hosts.filter(first).map(({ host, cluster }) => {
    if (cluster === undefined) return { host };
    const nodes = hosts
      .filter((other) => other.cluster === cluster)
      .map(({ host: name, node = name }) => node);
    return { host, nodes };
  });
}

/** What guests of a host may lie on: its own storages, and what it mounts. */
export function storagesOf(
  { proxmox, storage }: Site,
  hostName: string,
): {
  name: string;
  type: ProxmoxHost["storages"][number]["type"];
  medium: ProxmoxHost["storages"][number]["medium"];
}[] {
  const host = proxmox.hosts.find((item) => item.host === hostName);
  const mounts = (storage?.mounts ?? []).filter(({ hosts }) =>
    hosts.includes(hostName),
  );
  return [
    ...(host?.storages ?? []),
    ...mounts.map(({ name }) => ({
      name,
      type: "nfs" as const,
      medium: "nfs" as const,
    })),
  ];
}

/** What Kubernetes' NFS provisioner is told of a storage class. */
export interface StorageClassPlan {
  name: string;
  server: string;
  path: string;
  mountOptions: string[];
  reclaimPolicy: "Retain" | "Delete";
  isDefault: boolean;
}

export function storageClassesOf(site: Site): StorageClassPlan[] {
  return (site.storage?.storageClasses ?? []).flatMap((item) => {
    const served = servedAt(site, item.dataset);
    if (served === undefined) return [];
    return {
      name: item.name,
      server: served.server,
      path: served.path,
      mountOptions: ["hard", "nfsvers=4.2"],
      reclaimPolicy: item.reclaim === "retain" ? "Retain" : "Delete",
      isDefault: item.isDefault,
    };
  });
}
