import { createHash } from "node:crypto";
import type { Faults } from "./faults";
import type { IscsiTarget, NfsExport, ProxmoxSpec, StorageSpec } from "./spec";
import { leftOut, pluginOf } from "./storage-plugins";
import { homeOf, placeVolumes } from "./volumes";
import type { Node, World } from "./world";

/** A section of storage.cfg. */
export type Definition = Record<string, string | number>;

/** A cluster's storage.cfg, and what of the storages is outside of its hosts. */
export interface StorageDefinitions {
  cluster: string;
  ids: Record<string, Definition>;
  /** Ids that were there from the start: deleted ones do not come back. */
  seeded: string[];
  /** Bytes by what a definition stands on, "zfspool rpool/data". */
  sizes: Record<string, number>;
  exports: NfsExport[];
  targets: IscsiTarget[];
}

const directoryBytes = 100 * 2 ** 30;

export function definitionsOf(
  world: World,
  cluster: string,
): StorageDefinitions {
  const known = world.storages.get(cluster);
  if (known === undefined) throw new Error(`no such cluster '${cluster}'`);
  return known;
}

export function digestOf({ ids }: StorageDefinitions): string {
  return createHash("sha1").update(JSON.stringify(ids)).digest("hex");
}

/** Storages of the spec that storage.cfg has not had yet appear in it. */
export function seedStorages(
  world: World,
  cluster: string,
  { exports = [], targets = [] }: Pick<ProxmoxSpec, "exports" | "targets">,
): void {
  const known = world.storages.get(cluster);
  const { ids, seeded, sizes }: Omit<StorageDefinitions, "cluster"> = known ?? {
    ids: {},
    seeded: [],
    sizes: {},
    exports,
    targets,
  };
  const nodes = nodesOf(world, cluster);
  for (const { id, type, content, totalBytes } of nodes.flatMap(
    ({ storages }) => storages,
  )) {
    if (seeded.includes(id)) continue;
    seeded.push(id);
    const holders = nodes.filter(({ storages }) =>
      storages.some((item) => item.id === id),
    );
    const definition: Definition = {
      type,
      ...pluginOf(type).first(id),
      content: [...content].sort().join(","),
    };
    if (holders.length < nodes.length)
      definition.nodes = holders.map(({ name }) => name).join(",");
    ids[id] = definition;
    sizes[backingOf(definition)] = totalBytes;
  }
  const all = { cluster, ids, seeded, sizes, exports, targets };
  world.save("storages", all);
  project(world, cluster);
}

/** What the definition stands on: its type and fixed settings. */
export function backingOf(definition: Definition): string {
  const type = String(definition.type);
  const keys = pluginOf(type).fixed.filter(
    (key) => !leftOut.includes(key) && !(type === "nfs" && key === "path"),
  );
  return [type, ...keys.map((key) => definition[key])].join(" ");
}

/** Gives each node its view of the definitions; data outlives its definition. */
export function project(world: World, cluster: string): void {
  const all = definitionsOf(world, cluster);
  for (const node of nodesOf(world, cluster)) {
    for (const [id, backing] of Object.entries(node.backings ?? {})) {
      const now = all.ids[id];
      if (now === undefined || backingOf(now) !== backing)
        relabel(world, node, id, detached(backing));
    }
    node.backings = {};
    node.storages = Object.entries(all.ids).map(([id, definition]) =>
      viewOf(world, node, all, id, definition),
    );
    for (const storage of node.storages) {
      const backing = backingOf(all.ids[storage.id] ?? {});
      node.backings[storage.id] = backing;
      const home = homeOf(node, storage);
      relabel(world, node, detached(backing), storage.id, home);
      relabel(world, node, storage.id, storage.id, home);
    }
    world.save("nodes", node);
  }
  placeVolumes(world);
}

/** Why PVE cannot activate the storage on the node, in its words; undefined: it can. */
export function activationProblem(
  world: World,
  faults: Faults | undefined,
  node: Node,
  id: string,
): string | undefined {
  const all = definitionsOf(world, node.cluster);
  const definition = all.ids[id];
  if (definition === undefined) return `storage '${id}' does not exist`;
  const refusal = node.storages.find((item) => item.id === id)?.refusal;
  if (refusal) return refusal;
  const { type } = definition;
  const isKnown = all.sizes[backingOf(definition)] !== undefined;
  const offline = `storage '${id}' is not online`;
  switch (type) {
    case "nfs": {
      const { server, export: path } = definition;
      if (faults?.hit(["nfs-unreachable"], node.name, String(server)))
        return offline;
      const served = servedTo(world, node, all, String(server));
      const isVersion4 = /vers=4/.test(String(definition.options ?? ""));
      const answers = served.some((item) => isVersion4 || item.version3);
      if (!answers && !isKnown) return offline;
      return isKnown || served.some((item) => item.path === path)
        ? undefined
        : `mount error: mount.nfs: mounting ${server}:${path} failed, reason given by server: No such file or directory`;
    }
    case "iscsi":
      return isKnown ||
        all.targets.some(
          ({ portal, target }) =>
            portal === definition.portal && target === definition.target,
        ) ||
        world.logsIn?.(node.name, {
          portal: String(definition.portal),
          target: String(definition.target),
        })
        ? undefined
        : offline;
    case "zfspool": {
      const pool = String(definition.pool);
      return isKnown || node.pools?.[pool] !== undefined
        ? undefined
        : `could not activate storage '${id}', zfs error: cannot import '${pool.split("/")[0]}': no such pool available`;
    }
    case "lvmthin": {
      const group = groupOf(node, definition);
      return isKnown || group?.thinPools.includes(String(definition.thinpool))
        ? undefined
        : `no such logical volume ${definition.vgname}/${definition.thinpool}`;
    }
    case "dir":
      return directoryProblem(node, id, definition, isKnown);
    default:
      return undefined;
  }
}

/** LVM needs no activation: a volume group that is not there shows here only. */
export function isActive(
  world: World,
  faults: Faults,
  node: Node,
  id: string,
): boolean {
  const all = definitionsOf(world, node.cluster);
  const definition = all.ids[id];
  if (activationProblem(world, faults, node, id) || !definition) return false;
  return (
    definition.type !== "lvm" ||
    all.sizes[backingOf(definition)] !== undefined ||
    groupOf(node, definition) !== undefined
  );
}

export function nodesOf(world: World, cluster: string): Node[] {
  return [...world.nodes.values()].filter((node) => node.cluster === cluster);
}

/** What a file server gives the node; that of a simulated one as it is now. */
function servedTo(
  world: World,
  { name }: Node,
  { exports }: StorageDefinitions,
  server: string,
): readonly NfsExport[] {
  return [
    ...exports.filter((item) => item.server === server),
    ...(world.exportsTo?.(name, server) ?? []),
  ];
}

function viewOf(
  world: World,
  node: Node,
  all: StorageDefinitions,
  id: string,
  definition: Definition,
): StorageSpec {
  const type = String(definition.type) as StorageSpec["type"];
  const nodes = definition.nodes && String(definition.nodes).split(",");
  const refusal = definition.disable
    ? `storage '${id}' is disabled`
    : nodes && !nodes.includes(node.name)
      ? `storage '${id}' is not available on node '${node.name}'`
      : undefined;
  return {
    id,
    type,
    content: String(definition.content ?? "").split(","),
    totalBytes: bytesOf(world, node, all, definition),
    shared: pluginOf(type).shared || definition.shared === 1,
    refusal,
  };
}

function bytesOf(
  world: World,
  node: Node,
  all: StorageDefinitions,
  definition: Definition,
): number {
  const { type, server, export: path, pool } = definition;
  const known = all.sizes[backingOf(definition)];
  if (known !== undefined) return known;
  if (type === "dir") return directoryBytes;
  if (type === "zfspool") return node.pools?.[String(pool)] ?? 0;
  if (type === "nfs") {
    const served = servedTo(world, node, all, String(server));
    return served.find((item) => item.path === path)?.bytes ?? 0;
  }
  return groupOf(node, definition)?.bytes ?? 0;
}

function groupOf(node: Node, { vgname }: Definition) {
  return node.volumeGroups?.find(({ name }) => name === vgname);
}

function directoryProblem(
  { mounts = [] }: Node,
  id: string,
  { path, is_mountpoint: mountpoint, ...definition }: Definition,
  isKnown: boolean,
): string | undefined {
  const isFlag = /^(1|on|yes|true)$/i.test(String(mountpoint));
  const isOff = /^(0|off|no|false)$/i.test(String(mountpoint ?? "no"));
  const expected = String(isFlag ? path : mountpoint);
  if (!isOff && !mounts.includes(expected)) {
    return `unable to activate storage '${id}' - directory is expected to be a mount point but is not mounted: '${expected}'`;
  }
  const made = definition["create-base-path"] ?? definition.mkdir ?? 1;
  return made || isKnown || mounts.includes(String(path))
    ? undefined
    : `unable to activate storage '${id}' - directory '${path}' does not exist`;
}

const detached = (backing: string) => `detached ${backing}`;

/** What the node has of one storage is called another's from now on. */
function relabel(
  world: World,
  { name, cluster }: Node,
  from: string,
  to: string,
  home?: string,
): void {
  const ids = (volid: string) => `${to}${volid.slice(from.length)}`;
  for (const volume of [...world.volumes.values()]) {
    const wasShared = volume.home === `cluster ${cluster}`;
    const isHere = wasShared || volume.home === `node ${name}`;
    const isSame = from === to && volume.home === home;
    // What is shared no more stays with its guest.
    const guest = world.guest(cluster, volume.vmid ?? 0);
    const isElsewhere =
      wasShared && home === `node ${name}` && guest && guest.node !== name;
    if (volume.storage !== from || !isHere || isSame || isElsewhere) continue;
    world.remove("volumes", volume);
    world.save("volumes", {
      ...volume,
      storage: to,
      volid: ids(volume.volid),
      home: home ?? volume.home,
      base: volume.base && ids(volume.base),
    });
  }
}
