import type { Disks } from "./disks";
import { ownDevice } from "./labels";
import type { Pool } from "./pool";
import type { Vdev } from "./tree";

export type State =
  | "OFFLINE"
  | "REMOVED"
  | "CANT_OPEN"
  | "FAULTED"
  | "DEGRADED"
  | "ONLINE";

export type Auxiliary =
  | "OPEN_FAILED"
  | "CORRUPT_DATA"
  | "NO_REPLICAS"
  | "BAD_LABEL"
  | "BAD_GUID_SUM"
  | "SPARED"
  | "ERR_EXCEEDED"
  | "IO_FAILURE"
  | "EXTERNAL"
  | "CHILDREN_OFFLINE";

export interface Health {
  state: State;
  aux?: Auxiliary;
}

export type Healths = ReadonlyMap<string, Health>;

const order: readonly State[] = [
  "OFFLINE",
  "REMOVED",
  "CANT_OPEN",
  "FAULTED",
  "DEGRADED",
  "ONLINE",
];

/** Of every vdev of the pool by its GUID, its root's among them; reads the disks. */
export function healthOf(pool: Pool, disks: Disks): Healths {
  const found = new Map<string, Health>();
  assess(pool, pool.root, disks, found);
  for (const vdev of [...pool.spares, ...pool.caches]) {
    if (found.has(vdev.guid)) {
      found.set(`spare:${vdev.guid}`, { state: "ONLINE", aux: "SPARED" });
      continue;
    }
    const health = leafHealth(pool, vdev, disks);
    found.set(vdev.guid, health);
    found.set(`spare:${vdev.guid}`, health);
  }
  return found;
}

function assess(
  pool: Pool,
  vdev: Vdev,
  disks: Disks,
  found: Map<string, Health>,
): Health {
  const health =
    vdev.kind === "disk"
      ? leafHealth(pool, vdev, disks)
      : groupHealth(
          vdev,
          vdev.children.map((child) => assess(pool, child, disks, found)),
        );
  found.set(vdev.guid, health);
  return health;
}

function leafHealth(pool: Pool, leaf: Vdev, disks: Disks): Health {
  if (leaf.offline !== undefined) return { state: "OFFLINE" };
  if (leaf.removedAt !== undefined) return { state: "REMOVED" };
  if (leaf.faulted) return { state: "FAULTED", aux: "EXTERNAL" };
  const { problem } = ownDevice(pool, leaf, disks);
  if (problem === undefined) return { state: "ONLINE" };
  if (problem === "absent") return { state: "CANT_OPEN", aux: "OPEN_FAILED" };
  if (problem === "foreign") return { state: "CANT_OPEN", aux: "CORRUPT_DATA" };
  return { state: "FAULTED", aux: "ERR_EXCEEDED" };
}

function groupHealth(vdev: Vdev, children: readonly Health[]): Health {
  const isOut = ({ state }: Health) => order.indexOf(state) < 4;
  const out = children.filter(isOut).length;
  const isWhole = children.every(({ state }) => state === "ONLINE");
  if (vdev.kind === "root") {
    const lost = vdev.children.some((child, index) => {
      const health = children[index];
      return child.bias !== "log" && health !== undefined && isOut(health);
    });
    if (lost) return { state: "CANT_OPEN", aux: "NO_REPLICAS" };
    return { state: isWhole ? "ONLINE" : "DEGRADED" };
  }
  const bearable =
    vdev.kind === "raidz" || vdev.kind === "draid"
      ? (vdev.parity ?? 1)
      : children.length - 1;
  if (out > bearable)
    return children.every(({ state }) => state === "OFFLINE")
      ? { state: "CANT_OPEN", aux: "CHILDREN_OFFLINE" }
      : { state: "CANT_OPEN", aux: "NO_REPLICAS" };
  return { state: isWhole ? "ONLINE" : "DEGRADED" };
}

/** In the words that are printed. */
export function stateText({ state, aux }: Health): string {
  if (state !== "CANT_OPEN") return state;
  return aux === "CORRUPT_DATA" ? "FAULTED" : "UNAVAIL";
}

const auxiliaryTexts: Record<Auxiliary, string> = {
  OPEN_FAILED: "cannot open",
  CORRUPT_DATA: "corrupted data",
  NO_REPLICAS: "insufficient replicas",
  BAD_LABEL: "invalid label",
  BAD_GUID_SUM: "missing device",
  SPARED: "currently in use",
  ERR_EXCEEDED: "too many errors",
  IO_FAILURE: "experienced I/O failures",
  EXTERNAL: "external device fault",
  CHILDREN_OFFLINE: "all children offline",
};

export const auxiliaryText = (aux: Auxiliary) => auxiliaryTexts[aux];

/** Of the whole pool, as `zpool list` says it. */
export function poolHealth(pool: Pool, health: Healths): Health {
  const root = health.get(pool.root.guid) ?? { state: "ONLINE" };
  // It was imported, and its disks went afterwards: it stands still.
  return root;
}

/** While a pool is imported, and more of its disks went than it can bear. */
export function isSuspended(pool: Pool, health: Healths): boolean {
  return (
    pool.state === "active" && health.get(pool.root.guid)?.state === "CANT_OPEN"
  );
}
