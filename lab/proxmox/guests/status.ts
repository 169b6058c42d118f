import { parseSize } from "../volumes";
import type { Guest, World } from "../world";
import { bootOrder } from "./config-keys";
import { megabytes } from "./device-formats";
import { isCdrom } from "./drive-formats";
import { drivesOf } from "./drives";

const mebibyte = 2 ** 20;

/** What the list of a node's guests and status/current say alike (vmstatus). */
export function guestStatus(world: World, guest: Guest) {
  const { vmid, config, status, startedAt } = guest;
  const isRunning = status === "running";
  const cores = Number(config.cores ?? 1) * Number(config.sockets ?? 1);
  const wanted = Number(config.vcpus ?? cores);
  const memory = megabytes(config.memory) * mebibyte;
  return {
    vmid,
    name: String(config.name ?? `VM ${vmid}`),
    status,
    cpus: Math.min(wanted, world.nodes.get(guest.node)?.cores ?? wanted),
    maxmem: memory,
    maxdisk: bootDiskBytes(guest),
    disk: 0,
    diskread: 0,
    diskwrite: 0,
    netin: 0,
    netout: 0,
    cpu: 0,
    mem: isRunning ? Math.floor(memory / 4) : 0,
    uptime: isRunning ? Math.floor((Date.now() - startedAt) / 1_000) : 0,
    ...(isRunning ? { pid: 1_000 + vmid } : {}),
    ...(config.template === 1 ? { template: 1 } : {}),
    ...(config.tags ? { tags: config.tags } : {}),
    ...(config.lock ? { lock: config.lock } : {}),
  };
}

export function bootDiskBytes({ config }: Guest): number {
  const drives = new Map(drivesOf(config));
  const key =
    bootOrder(config.boot).find((name) => {
      const drive = drives.get(name);
      return drive !== undefined && !isCdrom(drive);
    }) ?? "";
  const size = drives.get(key)?.size;
  return size === undefined ? 0 : parseSize(size);
}
