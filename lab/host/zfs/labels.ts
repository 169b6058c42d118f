import type { Device } from "../disks";
import { type NvList, poolStates, writeLabels } from "../disks/labels";
import type { HostWorld } from "../world";
import { Disks } from "./disks";
import { type Pool, savePool } from "./pool";
import { leavesOf, type Vdev, type VdevKind } from "./tree";

const version = 5000n;

/** What stands in the labels of one disk of a pool. */
export function labelFor(pool: Pool, top: Vdev, leaf: Vdev): NvList {
  const id = pool.root.children.indexOf(top);
  return {
    version,
    name: pool.name,
    state: poolStates[pool.state],
    txg: BigInt(pool.txg),
    pool_guid: BigInt(pool.guid),
    errata: 0n,
    hostid: BigInt(`0x${pool.hostid}`),
    hostname: pool.hostname,
    ...(pool.properties.comment === undefined
      ? {}
      : { comment: pool.properties.comment }),
    top_guid: BigInt(top.guid),
    guid: BigInt(leaf.guid),
    vdev_children: BigInt(pool.root.children.length),
    vdev_tree: listOf(top, id),
    features_for_read: {
      "com.delphix:hole_birth": true,
      "com.delphix:embedded_data": true,
    },
  };
}

function listOf(vdev: Vdev, id: number): NvList {
  const list: NvList = {
    type: vdev.kind,
    id: BigInt(id),
    guid: BigInt(vdev.guid),
  };
  if (vdev.path !== undefined) list.path = vdev.path;
  if (vdev.devid !== undefined) list.devid = vdev.devid;
  if (vdev.kind === "disk") list.whole_disk = vdev.wholeDisk ? 1n : 0n;
  if (vdev.parity !== undefined) list.nparity = BigInt(vdev.parity);
  if (vdev.draid !== undefined) {
    list.draid_ndata = BigInt(vdev.draid.data);
    list.draid_ngroups = BigInt(vdev.draid.groups);
    list.draid_nspares = BigInt(vdev.draid.spares);
  }
  if (vdev.ashift !== undefined) {
    list.metaslab_array = 256n;
    list.metaslab_shift = 34n;
    list.ashift = BigInt(vdev.ashift);
    list.asize = BigInt(assetBytes(vdev));
    list.is_log = vdev.bias === "log" ? 1n : 0n;
  }
  if (vdev.bias !== undefined) list.alloc_bias = vdev.bias;
  if (vdev.offline === "always") list.offline = 1n;
  list.create_txg = 4n;
  if (vdev.children.length > 0) list.children = vdev.children.map(listOf);
  return list;
}

/** Between the labels, and the boot block's room. */
export function assetBytes(vdev: Vdev): number {
  if (vdev.kind === "disk")
    return Math.max(0, (vdev.sizeBytes ?? 0) - 4_718_592);
  const least = Math.min(...vdev.children.map(assetBytes));
  if (vdev.kind === "raidz" || vdev.kind === "draid")
    return least * vdev.children.length;
  return least;
}

/** Of what a label says stands at the top; undefined where it makes no sense. */
export function vdevOf(list: NvList): Vdev | undefined {
  const { type, guid, children } = list;
  if (typeof type !== "string" || typeof guid !== "bigint") return undefined;
  const number = (name: string) => {
    const value = list[name];
    return typeof value === "bigint" ? Number(value) : undefined;
  };
  const text = (name: string) => {
    const value = list[name];
    return typeof value === "string" ? value : undefined;
  };
  const bias = text("alloc_bias");
  return {
    kind: type as VdevKind,
    guid: `${guid}`,
    createdAt: 0,
    parity: number("nparity"),
    ashift: number("ashift"),
    bias: number("is_log") === 1 ? "log" : (bias as Vdev["bias"]),
    path: text("path"),
    devid: text("devid"),
    wholeDisk: number("whole_disk") === 1,
    offline: number("offline") === 1 ? "always" : undefined,
    draid:
      type === "draid"
        ? {
            data: number("draid_ndata") ?? 1,
            groups: number("draid_ngroups") ?? 1,
            spares: number("draid_nspares") ?? 0,
          }
        : undefined,
    children: (Array.isArray(children) ? children : [])
      .map((child) => (typeof child === "object" ? vdevOf(child) : undefined))
      .filter((child) => child !== undefined),
  };
}

/** Whether the disk is the pool's own, and where it is. */
export function ownDevice(
  pool: Pool,
  leaf: Vdev,
  disks: Disks,
): { device?: Device; problem?: "absent" | "gone" | "foreign" } {
  const device = leaf.path === undefined ? undefined : disks.find(leaf.path);
  if (device === undefined) return { problem: "absent" };
  const label = disks.label(device);
  if (label === "gone") return { device, problem: "gone" };
  if (label === undefined || `${label.guid}` !== leaf.guid)
    return { device, problem: "foreign" };
  const isAuxiliary =
    label.state === poolStates.spare || label.state === poolStates.cache;
  if (!isAuxiliary && `${label.pool_guid}` !== pool.guid)
    return { device, problem: "foreign" };
  return { device };
}

/**
 * The configuration goes to all disks that can be written; one that cannot has
 * missed it.
 */
export function syncLabels(
  world: HostWorld,
  pool: Pool,
  { fresh = [] }: { fresh?: readonly string[] } = {},
): void {
  const disks = new Disks(world);
  pool.txg += 3;
  for (const top of pool.root.children)
    for (const leaf of leavesOf(top)) {
      if (leaf.offline !== undefined || leaf.faulted) {
        leaf.stale = true;
        continue;
      }
      const isFresh = fresh.includes(leaf.guid);
      const { device, problem } = ownDevice(pool, leaf, disks);
      const isOurs = device !== undefined && (isFresh || problem === undefined);
      if (!isOurs || !written(device, labelFor(pool, top, leaf)))
        leaf.stale = true;
    }
  for (const [kind, vdevs] of [
    ["spare", pool.spares],
    ["cache", pool.caches],
  ] as const)
    for (const vdev of vdevs) {
      if (!fresh.includes(vdev.guid)) continue;
      const device =
        vdev.path === undefined ? undefined : disks.find(vdev.path);
      if (device !== undefined)
        written(device, {
          version,
          state: poolStates[kind],
          guid: BigInt(vdev.guid),
        });
    }
  savePool(world, pool);
}

function written(device: Device, label: NvList): boolean {
  try {
    writeLabels(device, label);
    return true;
  } catch {
    return false;
  }
}
