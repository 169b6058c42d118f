import "./components/stack-traces";
import "./components/early-provider";
import { Config } from "@pulumi/pulumi/config";
import type { Resource } from "@pulumi/pulumi/resource";
import { Accelerators } from "./components/accelerators";
import { checkedSite } from "./components/checked-site";
import { MultiWan } from "./components/multi-wan";
import { NetworkFabric } from "./components/network-fabric";
import { SiteProxmoxHost } from "./components/proxmox-host";
import { ServiceVm } from "./components/service-vm";
import { SiteHost } from "./components/site-host";
import { StorageFabric } from "./components/storage-fabric";
import { isRouted } from "./site";

const file = new Config("hybrid-site").require("manifest");

/**
 * Outputs: VM id and addresses of each guest, and what waits for its next start;
 * how far accelerators are proved; what Kubernetes' NFS provisioner is told of
 * storage classes.
 */
async function program() {
  const site = checkedSite(file);
  // The state keeps each resource's stack trace: without the runner's part.
  await undefined;
  const { bridges } = new NetworkFabric(site);
  const hosts = new Map(
    site.proxmox.hosts.map((host) => [
      host.host,
      new SiteProxmoxHost(site, host),
    ]),
  );
  const machinery = new Map(
    site.hardware.hosts.map((host) => [host.name, new SiteHost(site, host)]),
  );
  const storage = new StorageFabric(site, (host) =>
    [machinery.get(host) ?? []].flat(),
  );
  const accelerators = new Accelerators(site, (host) =>
    [machinery.get(host) ?? []].flat(),
  );
  const machines: Record<string, object> = {};
  for (const guest of site.guests) {
    const needs: Resource[] = [
      ...(hosts.get(guest.host)?.neededBy(guest) ?? []),
      ...(bridges.get(guest.host) ?? []),
      ...storage.neededBy(guest),
      ...accelerators.neededBy(guest),
    ];
    const { machine } = new ServiceVm(site, guest, needs);
    const { vmNumber: vmId, addresses, pending } = machine;
    machines[guest.name] = { vmId, addresses, pending };
    if (isRouted(site) && site.router.guest === guest.name) {
      new MultiWan(site, machine);
    }
  }
  const { storageClasses } = storage;
  return { machines, accelerators: accelerators.proved, storageClasses };
}

export = program;
