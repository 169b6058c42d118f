import { isBaseInUse } from "./guests/retire";
import { devicesOn, mappingOf } from "./mappings";
import { parse } from "./property-strings";
import { findVolume, isShared, storageOn } from "./volumes";
import type { Guest, Node, Volume, World } from "./world";

const diskSlot = /^(ide|sata|scsi|virtio)\d+$|^(efidisk|tpmstate)0$/;
const movable = ["dir", "zfspool", "lvmthin"];

export function isSharedOn(node: Node, id: string): boolean {
  const storage = node.storages.find((item) => item.id === id);
  return storage !== undefined && isShared(storage);
}

export interface GuestVolume {
  key: string;
  volid: string;
  storage: string;
  isCdrom: boolean;
  isUnused: boolean;
  volume: Volume | undefined;
}

/** Every volume that a guest's configuration names, current and pending. */
export function volumesOf(node: Node, guest: Guest): GuestVolume[] {
  const entries = Object.entries({ ...guest.pending, ...guest.config });
  return entries.flatMap(([key, value]) => {
    const isUnused = /^unused\d+$/.test(key);
    if (!isUnused && !diskSlot.test(key) && key !== "vmstate") return [];
    const { file: volid = "", media } = parse(String(value ?? ""), "file");
    if (volid === "" || volid === "none") return [];
    return {
      key,
      volid,
      storage: volid.split(":")[0] ?? "",
      isCdrom: media === "cdrom" && !/vm-\d+-cloudinit/.test(volid),
      isUnused,
      volume: findVolume(node, volid),
    };
  });
}

interface Resources {
  /** Slots whose device is the node's own. */
  local: string[];
  mapped: Record<string, { name: string; "live-migration": 0 | 1 }>;
  missing(node: string): string[];
}

/** Devices that keep a guest where it is, or where they are mapped. */
export function resourcesOf(world: World, guest: Guest): Resources {
  const local: string[] = [];
  const mapped: Resources["mapped"] = {};
  const kinds = new Map<string, "pci" | "usb">();
  for (const [key, value] of Object.entries(guest.config)) {
    const text = String(value);
    if (/^(hostpci|usb)\d+$/.test(key)) {
      const properties = parse(text, "host");
      const kind = key.startsWith("usb") ? "usb" : "pci";
      if (properties.mapping !== undefined) {
        const mapping = mappingOf(
          world,
          guest.cluster,
          kind,
          properties.mapping,
        );
        kinds.set(key, kind);
        mapped[key] = {
          name: properties.mapping,
          "live-migration": mapping?.["live-migration-capable"] ?? 0,
        };
      } else if (!/^spice/i.test(properties.host ?? "")) local.push(key);
    } else if (/^serial\d+$/.test(key) && text.startsWith("/dev/"))
      local.push(key);
    else if (/^parallel\d+$/.test(key)) local.push(key);
  }
  return {
    local,
    mapped,
    missing: (node) =>
      Object.entries(mapped)
        .filter(([key, { name }]) => {
          const kind = kinds.get(key) ?? "pci";
          const mapping = mappingOf(world, guest.cluster, kind, name);
          return !mapping || devicesOn(mapping, node).length === 0;
        })
        .map(([key, { name }]) => `${key}:${name}`),
  };
}

export interface Plan {
  target: string;
  online: boolean;
  withLocalDisks: boolean;
  force?: boolean;
  /** Where a local storage's volumes go; "*": all others. */
  storages: Record<string, string>;
}

export function targetStorage({ storages }: Plan, id: string): string {
  return storages[id] ?? storages["*"] ?? id;
}

/** What keeps the guest from moving so, in the words of QemuMigrate.pm, or nothing. */
export function obstacle(
  world: World,
  guest: Guest,
  plan: Plan,
): string | undefined {
  const source = world.nodes.get(guest.node);
  const target = world.nodes.get(plan.target);
  if (source === undefined || target === undefined)
    return `no such cluster node '${plan.target}'`;
  const isRunning = guest.status === "running";
  if (isRunning && !plan.online)
    return "can't migrate running VM without --online";
  return (
    deviceObstacle(world, guest, plan, isRunning) ??
    storageObstacle(source, target, guest, plan) ??
    diskObstacle(source, guest, plan, isRunning) ??
    (isRunning ? hostObstacle(target, guest) : undefined)
  );
}

function deviceObstacle(
  world: World,
  guest: Guest,
  { target, force }: Plan,
  isRunning: boolean,
): string | undefined {
  const { local, mapped, missing } = resourcesOf(world, guest);
  if (local.length > 0 && (isRunning || !force))
    return `can't migrate VM which uses local devices: ${local.join(", ")}`;
  const absent = missing(target);
  if (absent.length > 0)
    return `can't migrate to '${target}': missing mapped devices ${absent.join(", ")}`;
  const fixed = Object.entries(mapped)
    .filter(([, device]) => !device["live-migration"])
    .map(([key, { name }]) => `${key}:${name}`);
  return isRunning && fixed.length > 0
    ? `can't live migrate running VM which uses following mapped devices: ${fixed.join(", ")}`
    : undefined;
}

function storageObstacle(
  source: Node,
  target: Node,
  guest: Guest,
  plan: Plan,
): string | undefined {
  for (const { storage, volid } of volumesOf(source, guest)) {
    const wanted = isSharedOn(source, storage)
      ? storage
      : targetStorage(plan, storage);
    const there = storageOn(target, wanted);
    if (there === undefined)
      return `storage '${wanted}' is not available on node '${target.name}'`;
    const content = /\.iso$/i.test(volid) ? "iso" : "images";
    if (!there.content.includes(content))
      return `${volid}: content type '${content}' is not available on storage '${wanted}'`;
  }
  return undefined;
}

function diskObstacle(
  source: Node,
  guest: Guest,
  { withLocalDisks }: Plan,
  isRunning: boolean,
): string | undefined {
  const local = volumesOf(source, guest).filter(
    ({ storage }) => !isSharedOn(source, storage),
  );
  const scanned = "Problem found while scanning volumes - ";
  const blocked = local.some(
    ({ isCdrom, isUnused, volid, volume }) =>
      isCdrom ||
      (volume && isBaseInUse(source, volid)) ||
      (isRunning &&
        !withLocalDisks &&
        !isUnused &&
        !/vm-\d+-cloudinit/.test(volid)),
  );
  if (blocked) return `${scanned}can't migrate VM - check log`;
  for (const { volid, storage } of local) {
    const type = source.storages.find(({ id }) => id === storage)?.type ?? "";
    if (!movable.includes(type))
      return `${scanned}can't migrate '${volid}' - storage type '${type}' not supported`;
    const base = /:(?:\d+\/)?(base-[^/]+)\//.exec(volid)?.[1];
    if (base !== undefined)
      return `${scanned}can't migrate '${volid}' as it's a clone of '${base}'`;
  }
  return undefined;
}

/** What the target's kvm would not start with. */
function hostObstacle(target: Node, guest: Guest): string | undefined {
  for (const [key, value] of Object.entries(guest.config)) {
    if (!/^net\d+$/.test(key)) continue;
    const { bridge } = parse(String(value), "model");
    if (bridge && !target.bridges.includes(bridge))
      return `bridge '${bridge}' does not exist`;
  }
  return undefined;
}
