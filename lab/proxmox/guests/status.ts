import { parseSize } from "../volumes";
import type { Guest, World } from "../world";
import { bootOrder } from "./config-keys";
import { megabytes } from "./device-formats";
import { isCdrom, isDrive, parseDrive } from "./drive-formats";

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
  // Lists ask this of every guest: only what may be the answer is parsed.
  for (const key of bootOrder(config.boot)) {
    const text = config[key];
    const drive =
      text !== undefined && isDrive(key)
        ? parseDrive(key, String(text))
        : undefined;
    if (drive === undefined || isCdrom(drive)) continue;
    return drive.size === undefined ? 0 : parseSize(drive.size);
  }
  return 0;
}
