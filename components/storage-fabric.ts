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
import type { Guest, Site } from "../site";
import {
  datasetsOf,
  exportsOf,
  type MountPlan,
  mountsOf,
  multipathOf,
  poolsOf,
  type SharesPlan,
  type StorageClassPlan,
  sharesOf,
  storageClassesOf,
} from "../site/storage";
import { iscsiTargets } from "./iscsi-targets";
import { sharePasswords } from "./share-passwords";

/**
 * From disks to what hosts mount: multipath maps, pools, datasets, exports,
 * shares and storages of Proxmox VE. Outputs: what Kubernetes' provisioner is told.
 */
export class StorageFabric extends ComponentResource {
  /** What Kubernetes' NFS provisioner is told. */
  readonly storageClasses: StorageClassPlan[];
  /** By the host that mounts, and PVE's storage id. */
  readonly #mounts = new Map<string, Map<string, Resource>>();

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
    iscsiTargets(site, this, needs, (name) => present(datasets.get(name)));
    this.storageClasses = storageClassesOf(site);
    this.registerOutputs({ storageClasses: this.storageClasses });
  }

  /** The mounts that a guest lies on: a share that fails keeps no other guest from being made. */
  neededBy({ host, image, disks, ...guest }: Guest): Resource[] {
    const { cloudInit, efiDisk, tpm } = guest;
    const source = this.site.proxmox.images.find(({ name }) => name === image);
    const used = [source, ...disks, cloudInit, efiDisk, tpm].map(
      (part) => part?.storage,
    );
    const mounts = this.#mounts.get(host) ?? new Map<string, Resource>();
    return [...mounts].flatMap(([name, mount]) =>
      used.includes(name) ? [mount] : [],
    );
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
    for (const { host: user } of clustered) {
      const mounts = this.#mounts.get(user) ?? new Map<string, Resource>();
      this.#mounts.set(user, mounts.set(name, mount));
    }
  }

  #owner(kind: string, name: string): string {
    return formatOwner(this.site.site.id, kind, name);
  }
}

function present<T>(item: T | undefined): T[] {
  return item === undefined ? [] : [item];
}
