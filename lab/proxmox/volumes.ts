import { die, invalid } from "./failure";
import type { Faults } from "./faults";
import type { StorageSpec } from "./spec";
import { activationProblem } from "./storage-definitions";
import type { Node, Volume, World } from "./world";

const mebibyte = 2 ** 20;

/** The volumes of one storage, by id. */
export class StorageVolumes extends Map<string, Volume> {
  usedBytes = 0;
  readonly #byGuest = new Map<number, Set<string>>();

  constructor(readonly home: string) {
    super();
  }

  add(volume: Volume): void {
    this.remove(volume.volid);
    this.set(volume.volid, volume);
    this.usedBytes += taken(volume);
    if (volume.vmid === undefined) return;
    const own = this.#byGuest.get(volume.vmid) ?? new Set();
    this.#byGuest.set(volume.vmid, own.add(volume.volid));
  }

  remove(volid: string): void {
    const volume = this.get(volid);
    if (volume === undefined) return;
    this.delete(volid);
    this.usedBytes -= taken(volume);
    if (volume.vmid === undefined) return;
    const own = this.#byGuest.get(volume.vmid);
    own?.delete(volid);
    if (own?.size === 0) this.#byGuest.delete(volume.vmid);
  }

  ofGuest(vmid: number): Volume[] {
    return [...(this.#byGuest.get(vmid) ?? [])].flatMap(
      (volid) => this.get(volid) ?? [],
    );
  }
}

/** A linked clone takes next to nothing. */
function taken({ base, bytes }: Volume): number {
  return base === undefined ? bytes : 0;
}

/** NFS is shared by its nature. */
export function isShared({ type, shared }: StorageSpec): boolean {
  return shared === true || type === "nfs";
}

export function homeOf(node: Node, storage: StorageSpec): string {
  return isShared(storage) ? `cluster ${node.cluster}` : `node ${node.name}`;
}

/** Gives every node its storages' volumes, those of a shared one together. */
export function placeVolumes(world: World): void {
  const homes = new Map<string, StorageVolumes>();
  for (const node of world.nodes.values()) {
    node.volumes = {};
    for (const storage of node.storages) {
      const home = homeOf(node, storage);
      const key = `${home}/${storage.id}`;
      const volumes = homes.get(key) ?? new StorageVolumes(home);
      homes.set(key, volumes);
      node.volumes[storage.id] = volumes;
    }
  }
  for (const volume of world.volumes.values()) {
    homes.get(`${volume.home}/${volume.storage}`)?.add(volume);
  }
}

/** Where the node may use it. */
export function storageOn(node: Node, id: string): StorageSpec | undefined {
  return node.storages.find((item) => item.id === id && !item.refusal);
}

/** As it is defined, whether the node may use it or not. */
export function definedStorage(node: Node, id: string): StorageSpec {
  const storage = node.storages.find((item) => item.id === id);
  if (storage === undefined) throw die(`storage '${id}' does not exist`);
  return storage;
}

export function storageOf(node: Node, id: string): StorageSpec {
  const storage = definedStorage(node, id);
  if (storage.refusal) throw die(storage.refusal);
  return storage;
}

export function imageStorage(node: Node, id: string): StorageSpec {
  const storage = definedStorage(node, id);
  if (storage.content.includes("images")) return storage;
  throw invalid("storage", `storage '${id}' does not support vm images`);
}

export function usedBytes(node: Node, id: string): number {
  return node.volumes[id]?.usedBytes ?? 0;
}

export function volumesOf(node: Node, id: string): Volume[] {
  return [...(node.volumes[id]?.values() ?? [])];
}

export function guestVolumes(node: Node, vmid: number): Volume[] {
  return Object.values(node.volumes).flatMap((all) => all.ofGuest(vmid));
}

export function findVolume(node: Node, volid: string): Volume | undefined {
  return node.volumes[storageIdOf(volid)]?.get(volid);
}

export function existingVolume(node: Node, volid: string): Volume {
  storageOf(node, storageIdOf(volid));
  const volume = findVolume(node, volid);
  if (volume === undefined) throw die(`volume '${volid}' does not exist`);
  return volume;
}

export function storageIdOf(volid: string): string {
  return volid.split(":")[0] ?? "";
}

export function reserve(
  world: World,
  node: Node,
  volume: Omit<Volume, "home">,
  faults?: Faults,
): void {
  const storage = storageOf(node, volume.storage);
  const problem = activationProblem(world, faults, node, volume.storage);
  if (problem) throw die(problem);
  const volumes = node.volumes[volume.storage];
  const free = storage.totalBytes - (volumes?.usedBytes ?? 0);
  if (
    volumes === undefined ||
    (volume.base === undefined && volume.bytes > free) ||
    faults?.hit(["full-storage"], node.name, volume.storage)
  ) {
    throw die(
      `unable to create image: out of space on storage '${volume.storage}'`,
    );
  }
  const placed = { ...volume, home: volumes.home };
  volumes.add(placed);
  world.save("volumes", placed);
}

export function release(world: World, node: Node, volid: string): void {
  const volume = findVolume(node, volid);
  if (volume === undefined) return;
  node.volumes[volume.storage]?.remove(volid);
  world.remove("volumes", volume);
}

/** Under another id, with another size, or as another guest's. */
export function replaceVolume(
  world: World,
  node: Node,
  volume: Volume,
  changes: Partial<Volume>,
): Volume {
  const changed = { ...volume, ...changes };
  node.volumes[volume.storage]?.remove(volume.volid);
  if (changed.volid !== volume.volid) world.remove("volumes", volume);
  node.volumes[volume.storage]?.add(changed);
  world.save("volumes", changed);
  return changed;
}

/** A guest's volumes follow it to another node of its cluster, where they are not there already. */
export function moveVolumes(
  world: World,
  vmid: number,
  from: Node,
  to: Node,
): void {
  for (const volume of guestVolumes(from, vmid)) {
    const target = to.volumes[volume.storage];
    if (target === undefined || target === from.volumes[volume.storage])
      continue;
    from.volumes[volume.storage]?.remove(volume.volid);
    world.remove("volumes", volume);
    const moved = { ...volume, home: target.home };
    target.add(moved);
    world.save("volumes", moved);
  }
}

const isFileStorage = ({ type }: StorageSpec) =>
  type === "dir" || type === "nfs";

/** The formats that images have on a storage, its default first. */
export function imageFormats(storage: StorageSpec): string[] {
  return isFileStorage(storage) ? ["raw", "qcow2", "vmdk"] : ["raw"];
}

/** What a volume of this size takes: pools and volume groups round up. */
export function allocatedBytes({ type }: StorageSpec, bytes: number): number {
  const extent = 4 * mebibyte;
  const unit = { zfspool: mebibyte, lvm: extent, lvmthin: extent }[
    type as string
  ];
  return unit === undefined
    ? Math.ceil(bytes / 1024) * 1024
    : Math.ceil(bytes / unit) * unit;
}

/** "vm-100-cloudinit" or the next free "vm-100-disk-0", in the form of the storage's type. */
export function newVolumeId(
  node: Node,
  storage: StorageSpec,
  vmid: number,
  format: string,
  name?: string,
): string {
  if (!imageFormats(storage).includes(format))
    throw die(`unsupported format '${format}'`);
  const file = name ?? `vm-${vmid}-disk-${freeDisk(node, storage.id, vmid)}`;
  return isFileStorage(storage)
    ? `${storage.id}:${vmid}/${file}.${format}`
    : `${storage.id}:${file}`;
}

function freeDisk(node: Node, storageId: string, vmid: number): number {
  const own = node.volumes[storageId]?.ofGuest(vmid) ?? [];
  const taken = new Set(
    own.map(({ volid }) => Number(/-disk-(\d+)(\.\w+)?$/.exec(volid)?.[1])),
  );
  let index = 0;
  while (taken.has(index)) index++;
  return index;
}

/** The content that a volume's name stands for, and the guest in it. */
export function volumeName(
  node: Node,
  volid: string,
): { content: string; vmid?: number; isBase: boolean } {
  const storage = storageOf(node, storageIdOf(volid));
  const name = volid.slice(volid.indexOf(":") + 1);
  const image = /(?:^|\/)(vm|base)-(\d+)-[^/]+$/.exec(name);
  const files = /^(iso|vztmpl|import|snippets|backup)\/[^/]+$/.exec(name);
  if (isFileStorage(storage) && files?.[1] !== undefined)
    return { content: files[1], isBase: false };
  if (image !== null && isFileStorage(storage) === /^\d+\//.test(name)) {
    return {
      content: "images",
      vmid: Number(image[2]),
      isBase: image[1] === "base",
    };
  }
  const kind = { zfspool: "zfs", lvm: "lvm", lvmthin: "lvm" }[
    storage.type as string
  ];
  throw die(`unable to parse ${kind ?? "directory"} volume name '${name}'`);
}

/** PVE prints a disk's size in the largest unit that divides it. */
export function printSize(bytes: number): string {
  for (const [unit, factor] of [
    ["T", 2 ** 40],
    ["G", 2 ** 30],
    ["M", mebibyte],
    ["K", 1024],
  ] as const) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}`;
}

export function parseSize(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? [];
  const factor =
    { "": 1, K: 1024, M: mebibyte, G: 2 ** 30, T: 2 ** 40 }[unit] ?? 1;
  return Math.trunc(Number(digits) * factor);
}
