import type { Call } from "./call";
import { megabytes } from "./guests/device-formats";
import { bootDiskBytes, guestStatus } from "./guests/status";
import { managedService } from "./ha";
import { type Guest, isBooting, type Node, type World } from "./world";

const mebibyte = 2 ** 20;

export function nodesOf({ world, cluster }: Pick<Call, "world" | "cluster">) {
  return [...world.nodes.values()].filter((node) => node.cluster === cluster);
}

/** Which nodes the contacted one sees. */
export function nodeStates(call: Call): (Node & { online: boolean })[] {
  const { world, faults, contacted } = call;
  return nodesOf(call).map((node) => ({
    ...node,
    online:
      node.name === contacted.name ||
      !(faults.isDown(node.name) || isBooting(world, node.name)),
  }));
}

/** By VM id, for the guests of a cluster. */
export function poolsByGuest(call: Call): Map<number, string> {
  const result = new Map<number, string>();
  for (const { cluster, poolid, vms } of call.world.pools.values()) {
    if (cluster !== call.cluster) continue;
    for (const vmid of vms) result.set(vmid, poolid);
  }
  return result;
}

export function processors({ config }: Guest): number {
  return Number(
    config.vcpus ?? Number(config.sockets ?? 1) * Number(config.cores ?? 1),
  );
}

export const runningMachine = "pc-i440fx-10.1+pve0";

export function memoryBytes({ config }: Guest): number {
  return megabytes(config.memory) * mebibyte;
}

function uptime({ status, startedAt }: Guest): number {
  return status === "running" ? Math.floor((Date.now() - startedAt) / 1000) : 0;
}

/** What status/current has of a guest beside what lists have. */
export function currentStatus(
  world: World,
  guest: Guest,
): Record<string, unknown> {
  const { config, status, paused } = guest;
  const isRunning = status === "running";
  const minimum = config.balloon === undefined ? 0 : Number(config.balloon);
  return {
    ...guestStatus(world, guest),
    qmpstatus: isRunning && paused ? "paused" : status,
    ...(minimum > 0 ? { balloon_min: minimum * mebibyte } : {}),
    ...(isRunning
      ? {
          balloon: memoryBytes(guest),
          "running-machine": runningMachine,
          "running-qemu": "10.1.2",
        }
      : {}),
  };
}

/** A guest in /cluster/resources and among a pool's members. */
export function guestResource(
  call: Call,
  guest: Guest,
  pool: string | undefined,
  isOnline: boolean,
): Record<string, unknown> {
  const { vmid, node, config, status } = guest;
  const service = managedService(call.world, call.cluster, vmid);
  const entry: Record<string, unknown> = {
    id: `qemu/${vmid}`,
    type: "qemu",
    vmid,
    node,
    status: "unknown",
  };
  if (pool !== undefined) entry.pool = pool;
  if (service) entry.hastate = service.manager.state ?? "queued";
  // What pvestatd has not told yet, it has not told of this one either.
  const isStale = call.faults.hit(["stale-list"], node, `${vmid}`);
  if (!isOnline || isStale) return entry;
  const maxmem = memoryBytes(guest);
  entry.name = config.name ?? `VM ${vmid}`;
  entry.status = status;
  entry.template = Number(config.template ?? 0);
  entry.maxcpu = processors(guest);
  entry.maxmem = maxmem;
  entry.mem = status === "running" ? Math.floor(maxmem / 2) : 0;
  entry.maxdisk = bootDiskBytes(guest);
  entry.uptime = uptime(guest);
  for (const key of idle) entry[key] = 0;
  if (config.tags) entry.tags = config.tags;
  if (config.lock) entry.lock = config.lock;
  return entry;
}

/** What a guest that does nothing uses. */
const idle = ["cpu", "disk", "diskread", "diskwrite", "netin", "netout"];
