import { die } from "./failure";
import type { Faults } from "./faults";
import { activationProblem, share } from "./storage-definitions";
import type { Node, Volume, World } from "./world";

const gibibyte = 2 ** 30;

export function storageOf(node: Node, id: string) {
  const storage = node.storages.find((item) => item.id === id);
  if (storage === undefined) throw die(`storage '${id}' does not exist`);
  if (storage.refusal) throw die(storage.refusal);
  return storage;
}

export function usedBytes(node: Node, id: string): number {
  return (node.volumes[id] ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
}

export function findVolume(node: Node, volid: string): Volume | undefined {
  return node.volumes[volid.split(":")[0] ?? ""]?.find(
    (volume) => volume.volid === volid,
  );
}

export function reserve(
  world: World,
  faults: Faults,
  node: Node,
  volume: Volume,
): void {
  const storage = storageOf(node, volume.storage);
  const problem = activationProblem(world, faults, node, volume.storage);
  if (problem) throw die(problem);
  const free = storage.totalBytes - usedBytes(node, volume.storage);
  if (
    volume.bytes > free ||
    faults.hit(["full-storage"], node.name, volume.storage)
  ) {
    throw die(
      `unable to create image: out of space on storage '${volume.storage}'`,
    );
  }
  const list = node.volumes[volume.storage] ?? [];
  node.volumes[volume.storage] = list;
  list.push(volume);
  world.save("nodes", node);
  share(world, node, volume.storage);
}

export function release(world: World, node: Node, volid: string): void {
  const storage = volid.split(":")[0] ?? "";
  node.volumes[storage] = (node.volumes[storage] ?? []).filter(
    (volume) => volume.volid !== volid,
  );
  world.save("nodes", node);
  share(world, node, storage);
}

/** The next free "vm-100-disk-0" of a guest, in the form of the storage's type. */
export function newVolumeId(
  node: Node,
  storageId: string,
  vmid: number,
): string {
  const { type, content } = storageOf(node, storageId);
  if (!content.includes("images")) {
    throw die(`storage '${storageId}' does not support content-type 'images'`);
  }
  const isFile = type === "dir" || type === "nfs";
  for (let index = 0; ; index++) {
    const name = `vm-${vmid}-disk-${index}`;
    const volid = isFile
      ? `${storageId}:${vmid}/${name}.raw`
      : `${storageId}:${name}`;
    if (!findVolume(node, volid)) return volid;
  }
}

/** PVE prints a disk's size in the largest unit that divides it. */
export function printSize(bytes: number): string {
  for (const [unit, factor] of [
    ["T", 2 ** 40],
    ["G", gibibyte],
    ["M", 2 ** 20],
    ["K", 1024],
  ] as const) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}`;
}

export function parseSize(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? [];
  const factor =
    { "": 1, K: 1024, M: 2 ** 20, G: gibibyte, T: 2 ** 40 }[unit] ?? 1;
  return Number(digits) * factor;
}
