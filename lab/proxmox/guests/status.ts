import { parse } from "../property-strings";
import { parseSize } from "../volumes";
import type { Guest, World } from "../world";
import { megabytes } from "./device-formats";
import { isDrive } from "./drive-formats";

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

/** The size of the first disk in the boot order. */
export function bootDiskBytes({ config }: Guest): number {
  const [, order = ""] = /order=([^,]*)/.exec(String(config.boot ?? "")) ?? [];
  for (const key of order.split(";").filter(isDrive)) {
    const { media, size } = parse(String(config[key] ?? ""), "file");
    if (media !== "cdrom" && size !== undefined) return parseSize(size);
  }
  return 0;
}
