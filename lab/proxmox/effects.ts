import { randomUUID } from "node:crypto";
import type { Faults } from "./faults";
import { diskKey, newMac } from "./guest-config";
import { forgetGuest, joinPool } from "./pools";
import { normalizeNetwork, parse, print } from "./property-strings";
import type { Effect } from "./tasks";
import {
  findVolume,
  newVolumeId,
  parseSize,
  printSize,
  release,
  reserve,
  usedBytes,
} from "./volumes";
import type { Config, Guest, Node, World } from "./world";

type Args = Record<string, unknown>;

export function guestOf(world: World, { cluster, vmid }: Args): Guest {
  const guest = world.guest(String(cluster), Number(vmid));
  if (guest === undefined)
    throw new Error(`Configuration file for VM ${vmid} does not exist`);
  return guest;
}

export function nodeOf(world: World, name: string): Node {
  const node = world.nodes.get(name);
  if (node === undefined) throw new Error(`no such node '${name}'`);
  return node;
}

export function applyPending(guest: Guest): void {
  for (const [key, value] of Object.entries(guest.pending)) {
    if (value === null) delete guest.config[key];
    else guest.config[key] = value;
  }
  guest.pending = {};
}

export function start(world: World, guest: Guest): void {
  const node = nodeOf(world, guest.node);
  for (const [key, value] of Object.entries(guest.config)) {
    if (!/^net\d+$/.test(key)) continue;
    const { bridge } = parse(String(value), "model");
    if (bridge && !node.bridges.includes(bridge))
      throw new Error(`bridge '${bridge}' does not exist`);
  }
  const memory = Number(guest.config.memory ?? 512) * 2 ** 20;
  if (memory > node.memoryBytes)
    throw new Error(
      "kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory",
    );
  guest.status = "running";
  guest.startedAt = Date.now();
  world.save("guests", guest);
}

/** Copies of the source's disks under the target's id. */
function copyDisks(
  world: World,
  faults: Faults,
  args: Args,
  source: Guest,
): Config {
  const node = nodeOf(world, String(args.node));
  const config: Config = {};
  for (const [key, value] of Object.entries(source.config)) {
    if (!diskKey.test(key)) continue;
    const properties = parse(String(value), "file");
    const volume = findVolume(node, properties.file ?? "");
    if (volume === undefined) continue;
    const storage = String(args.storage ?? volume.storage);
    let volid = newVolumeId(node, storage, Number(args.vmid));
    if (String(value).includes("cloudinit"))
      volid = `${storage}:vm-${args.vmid}-cloudinit`;
    // A linked clone's volume names its base.
    else if (!args.full) volid = `${volume.volid}/${volid.split(":")[1]}`;
    reserve(world, faults, node, {
      ...volume,
      volid,
      storage,
      bytes: args.full ? volume.bytes : 0,
      vmid: Number(args.vmid),
    });
    config[key] = print({ ...properties, file: volid }, "file");
  }
  return config;
}

/** What tasks do when their time is up. */
export function makeEffects(faults: Faults): Record<string, Effect> {
  return {
    nothing: () => undefined,
    fail: (_world, _task, { message }) => {
      throw new Error(String(message));
    },
    /** Undoes what a create or a clone has begun. */
    drop: (world, _task, args) => {
      const guest = world.guest(String(args.cluster), Number(args.vmid));
      if (guest === undefined) return;
      const node = nodeOf(world, guest.node);
      for (const volume of Object.values(node.volumes).flat()) {
        if (volume.vmid === guest.vmid) release(world, node, volume.volid);
      }
      world.remove("guests", guest);
    },
    complete: (world, _task, args) => {
      const guest = guestOf(world, args);
      const { lock: _lock, ...config } = args.config as Config;
      guest.config = config;
      world.save("guests", guest);
      joinPool(world, guest.cluster, guest.vmid, args.pool);
      if (args.start) start(world, guest);
    },
    cloned: (world, _task, args) => {
      const guest = guestOf(world, args);
      const source = guestOf(world, {
        cluster: args.cluster,
        vmid: args.source,
      });
      const { template: _template, lock: _lock, ...inherited } = source.config;
      const config: Config = {
        ...inherited,
        ...copyDisks(world, faults, args, source),
      };
      for (const [key, value] of Object.entries(config)) {
        if (!/^net\d+$/.test(key)) continue;
        config[key] = normalizeNetwork(
          String(value).replace(
            /=([0-9A-F]{2}:){5}[0-9A-F]{2}/,
            `=${newMac()}`,
          ),
          newMac,
        );
      }
      config.smbios1 = `uuid=${randomUUID()}`;
      config.vmgenid = randomUUID();
      config.name = String(
        args.name ?? `Copy-of-VM-${source.config.name ?? source.vmid}`,
      );
      if (args.description !== undefined)
        config.description = String(args.description);
      guest.config = config;
      world.save("guests", guest);
      joinPool(world, guest.cluster, guest.vmid, args.pool);
    },
    resized: (world, _task, args) => {
      const guest = guestOf(world, args);
      const node = nodeOf(world, guest.node);
      const slot = String(args.disk);
      const properties = parse(String(guest.config[slot]), "file");
      const volume = findVolume(node, properties.file ?? "");
      if (volume === undefined)
        throw new Error(`volume '${properties.file}' does not exist`);
      const size = String(args.size);
      const bytes = size.startsWith("+")
        ? volume.bytes + parseSize(size.slice(1))
        : parseSize(size);
      if (bytes < volume.bytes)
        throw new Error("shrinking disks is not supported");
      const total =
        node.storages.find(({ id }) => id === volume.storage)?.totalBytes ?? 0;
      if (usedBytes(node, volume.storage) + bytes - volume.bytes > total) {
        throw new Error(
          `zfs error: cannot set property for '${volume.volid}': size is greater than available space`,
        );
      }
      volume.bytes = bytes;
      world.save("nodes", node);
      guest.config[slot] = print(
        { ...properties, size: printSize(bytes) },
        "file",
      );
      world.save("guests", guest);
    },
    templated: (world, _task, args) => {
      const guest = guestOf(world, args);
      const node = nodeOf(world, guest.node);
      for (const [key, value] of Object.entries(guest.config)) {
        const file = diskKey.test(key)
          ? parse(String(value), "file").file
          : undefined;
        const volume = file === undefined ? undefined : findVolume(node, file);
        if (
          volume === undefined ||
          file === undefined ||
          file.includes("cloudinit")
        )
          continue;
        volume.volid = file.replace("vm-", "base-");
        guest.config[key] = String(value).replace(file, volume.volid);
      }
      guest.config.template = 1;
      world.save("nodes", node);
      world.save("guests", guest);
    },
    destroyed: (world, _task, args) => {
      const guest = guestOf(world, args);
      const node = nodeOf(world, guest.node);
      for (const [key, value] of Object.entries(guest.config)) {
        if (!diskKey.test(key) && !/^unused\d+$/.test(key)) continue;
        release(world, node, parse(String(value), "file").file ?? "");
      }
      world.remove("guests", guest);
      forgetGuest(world, guest.cluster, guest.vmid);
    },
    downloaded: (world, _task, args) => {
      const node = nodeOf(world, String(args.node));
      const file = world.internet.get(String(args.url).slice(-120));
      if (file === undefined)
        throw new Error(
          "download failed: wget: server returned error: HTTP/1.1 404 Not Found",
        );
      const wanted = args.checksum as string | undefined;
      if (wanted !== undefined && wanted !== file.sha256) {
        throw new Error(
          `checksum mismatch: got '${file.sha256}' != expect '${wanted}'`,
        );
      }
      const storage = String(args.storage);
      reserve(world, faults, node, {
        volid: String(args.volid),
        storage,
        content: String(args.content),
        bytes: file.bytes,
      });
    },
    released: (world, _task, args) =>
      release(world, nodeOf(world, String(args.node)), String(args.volid)),
  };
}
