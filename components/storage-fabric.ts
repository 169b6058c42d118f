import {
  ComponentResource,
  type ComponentResourceOptions,
  type Resource,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { StorageMount } from "../providers/proxmox/storage-mount/resource";
import { MultipathMap } from "../providers/storage/multipath-map/resource";
import { NfsExports } from "../providers/storage/nfs-exports/resource";
import { SmbShares } from "../providers/storage/smb-shares/resource";
import { ZfsDataset } from "../providers/storage/zfs-dataset/resource";
import { ZfsPool } from "../providers/storage/zfs-pool/resource";
import type { Site } from "../site";
import {
  datasetsOf,
  exportsOf,
  type MountPlan,
  mountsOf,
  multipathOf,
  poolsOf,
  type SharesPlan,
  sharesOf,
  storageClassesOf,
} from "../site/storage";
import { sharePasswords } from "./share-passwords";

/**
 * From disks to what hosts mount: multipath maps, pools, datasets, exports,
 * shares and storages of Proxmox VE. Outputs: what Kubernetes' provisioner is told.
 */
export class StorageFabric extends ComponentResource {
  readonly #mounts = new Map<string, Resource[]>();

  constructor(
    private readonly site: Site,
    /** What each host needs before anything is stored on it. */
    needs: (host: string) => Resource[],
    options?: ComponentResourceOptions,
  ) {
    super("site:storage:Fabric", site.site.name, {}, options);
    const maps = new Map(
      multipathOf(site).map(({ host, wwids }) => [
        host,
        new MultipathMap(
          `${host}-multipath`,
          {
            owner: this.#owner("MultipathMap", `${host}-multipath`),
            host,
            name: `${host}-multipath`,
            wwids,
          },
          { parent: this, dependsOn: needs(host) },
        ),
      ]),
    );
    const pools = new Map(
      poolsOf(site).map((plan) => [
        plan.name,
        new ZfsPool(
          plan.name,
          { ...plan, owner: this.#owner("ZfsPool", plan.name) },
          {
            parent: this,
            dependsOn: [...needs(plan.host), ...present(maps.get(plan.host))],
          },
        ),
      ]),
    );
    const datasets = this.#datasets(pools);
    const exports = this.#exports(datasets);
    for (const plan of sharesOf(site)) this.#share(plan, datasets);
    for (const plan of mountsOf(site)) this.#mount(plan, exports);
    this.registerOutputs({ storageClasses: storageClassesOf(site) });
  }

  /** What must be there before a guest with disks on these storages is. */
  neededBy(host: string): Resource[] {
    return this.#mounts.get(host) ?? [];
  }

  #datasets(pools: ReadonlyMap<string, ZfsPool>): Map<string, ZfsDataset> {
    const made = new Map<string, ZfsDataset>();
    for (const { pool, parent, ...plan } of datasetsOf(this.site)) {
      const { name, dataset } = plan;
      const own = pools.get(pool);
      if (own === undefined) continue;
      made.set(
        dataset,
        new ZfsDataset(
          name,
          {
            ...plan,
            owner: this.#owner("ZfsDataset", name),
            poolGuid: own.guid,
          },
          { parent: this, dependsOn: present(made.get(parent ?? "")) },
        ),
      );
    }
    return made;
  }

  #exports(datasets: ReadonlyMap<string, ZfsDataset>): Map<string, NfsExports> {
    return new Map(
      exportsOf(this.site).map(({ host, entries }) => [
        host,
        new NfsExports(
          host,
          {
            owner: this.#owner("NfsExports", host),
            host,
            name: host,
            entries,
          },
          {
            parent: this,
            dependsOn: entries.flatMap(({ dataset }) =>
              present(datasets.get(dataset)),
            ),
          },
        ),
      ]),
    );
  }

  #share(plan: SharesPlan, datasets: ReadonlyMap<string, ZfsDataset>): void {
    const { host, accounts, shares } = plan;
    new SmbShares(
      host,
      {
        ...plan,
        owner: this.#owner("SmbShares", host),
        name: host,
        passwords: accounts.length === 0 ? {} : sharePasswords(host, accounts),
      },
      {
        parent: this,
        dependsOn: shares.flatMap(({ dataset }) =>
          present(datasets.get(dataset)),
        ),
      },
    );
  }

  #mount(plan: MountPlan, exports: ReadonlyMap<string, NfsExports>): void {
    const { host, name, nodes, server, content, options, servedBy } = plan;
    const mount = new StorageMount(
      `${host}-${name}`,
      {
        owner: this.#owner("StorageMount", `${host}-${name}`),
        host,
        name,
        nodes,
        content,
        backend: { type: "nfs", server, export: plan.export, options },
      },
      { parent: this, dependsOn: present(exports.get(servedBy)) },
    );
    const clustered = this.site.proxmox.hosts.filter(
      (other) =>
        other.host === host ||
        (other.cluster !== undefined &&
          nodes?.includes(other.node ?? other.host)),
    );
    for (const { host: user } of clustered)
      this.#mounts.set(user, [...this.neededBy(user), mount]);
  }

  #owner(kind: string, name: string): string {
    return formatOwner(this.site.site.id, kind, name);
  }
}

function present<T>(item: T | undefined): T[] {
  return item === undefined ? [] : [item];
}
