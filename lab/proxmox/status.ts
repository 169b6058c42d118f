import type { Call } from "./call";
import { managedService } from "./ha";
import { parse } from "./property-strings";
import { type Guest, isBooting, type Node } from "./world";

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

export function memoryBytes({ config }: Guest): number {
  const text = parse(String(config.memory ?? 512), "current").current;
  return Number(text) * mebibyte;
}

function uptime({ status, startedAt }: Guest): number {
  return status === "running" ? Math.floor((Date.now() - startedAt) / 1000) : 0;
}

/** Of the first disk that it may boot from, in bytes. */
function bootDiskBytes({ config }: Guest, sizeOf: (text: string) => number) {
  const order = /order=([\w;]+)/.exec(String(config.boot ?? ""))?.[1];
  const slots = order?.split(";") ?? ["scsi0", "virtio0", "sata0", "ide0"];
  const slot = slots.find((name) => /^(scsi|virtio|sata|ide)\d/.test(name));
  const disk = config[slot ?? ""];
  if (disk === undefined || /media=cdrom/.test(String(disk))) return 0;
  return sizeOf(parse(String(disk), "file").size ?? "0");
}

/** What qemu-server's vmstatus has of a guest, in lists and alone. */
export function guestStatus(
  guest: Guest,
  sizeOf: (text: string) => number,
): Record<string, unknown> {
  const { vmid, config, status, startedAt, paused } = guest;
  const isRunning = status === "running";
  const maxmem = memoryBytes(guest);
  const balloon =
    config.balloon === undefined ? undefined : Number(config.balloon);
  return {
    vmid,
    name: config.name ?? `VM ${vmid}`,
    status,
    qmpstatus: isRunning && paused ? "paused" : status,
    cpus: processors(guest),
    cpu: 0,
    maxmem,
    mem: isRunning ? Math.floor(maxmem / 2) : 0,
    ...(balloon ? { balloon_min: balloon * mebibyte } : {}),
    ...(isRunning ? { balloon: maxmem } : {}),
    maxdisk: bootDiskBytes(guest, sizeOf),
    disk: 0,
    diskread: 0,
    diskwrite: 0,
    netin: 0,
    netout: 0,
    uptime: uptime(guest),
    ...(isRunning
      ? {
          pid: 1_000 + ((vmid * 7 + Math.floor(startedAt / 1000)) % 4_000_000),
          "running-machine": "pc-i440fx-10.1+pve0",
          "running-qemu": "10.1.2",
        }
      : {}),
    ...(config.template ? { template: 1 } : {}),
    ...(config.tags ? { tags: config.tags } : {}),
    ...(config.lock ? { lock: config.lock } : {}),
  };
}

/** A guest in /cluster/resources and among a pool's members. */
export function guestResource(
  call: Call,
  guest: Guest,
  sizeOf: (text: string) => number,
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
  if (!isOnline) return entry;
  const maxmem = memoryBytes(guest);
  entry.name = config.name ?? `VM ${vmid}`;
  entry.status = status;
  entry.template = Number(config.template ?? 0);
  entry.maxcpu = processors(guest);
  entry.maxmem = maxmem;
  entry.mem = status === "running" ? Math.floor(maxmem / 2) : 0;
  entry.maxdisk = bootDiskBytes(guest, sizeOf);
  entry.uptime = uptime(guest);
  for (const key of idle) entry[key] = 0;
  if (config.tags) entry.tags = config.tags;
  if (config.lock) entry.lock = config.lock;
  return entry;
}

/** What a guest that does nothing uses. */
const idle = ["cpu", "disk", "diskread", "diskwrite", "netin", "netout"];
