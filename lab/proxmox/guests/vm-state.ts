import type { StorageSpec } from "../spec";
import { memoryBytes } from "../status";
import {
  isShared,
  newVolumeId,
  reserve,
  storageIdOf,
  storageOf,
} from "../volumes";
import type { Guest, Node } from "../world";
import { isCdrom } from "./drive-formats";
import { drivesOf, type Place } from "./drives";

/** Beside the memory, for the state of the devices. */
const deviceStateBytes = 500 * 2 ** 20;

/** Where it is kept unless said: beside a disk, on shared files rather than elsewhere. */
export function stateStorage(node: Node, { config }: Guest): string {
  if (config.vmstatestorage) return String(config.vmstatestorage);
  const ids = drivesOf(config)
    .filter(([, drive]) => !isCdrom(drive))
    .map(([, { file = "" }]) => storageIdOf(file));
  const used = [...new Set(ids)]
    .sort()
    .flatMap((id) => node.storages.filter((storage) => storage.id === id));
  const isFiles = ({ type }: StorageSpec) => /^(dir|nfs)$/.test(type);
  const best = (list: StorageSpec[]) => list.findLast(isFiles) ?? list[0];
  const shared = used.filter(isShared);
  return (best(shared) ?? best(used))?.id ?? "local";
}

/** Twice the memory: what changes while it is saved needs its room too (QemuConfig.pm). */
export function saveState(
  { world, node, faults }: Place,
  guest: Guest,
  name: string,
  storage: string,
): string {
  const { vmid } = guest;
  const file = `vm-${vmid}-state-${name}`;
  const volid = newVolumeId(node, storageOf(node, storage), vmid, "raw", file);
  const bytes = 2 * memoryBytes(guest) + deviceStateBytes;
  const content = "images";
  reserve(
    world,
    node,
    { volid, storage, content, bytes, format: "raw", vmid },
    faults,
  );
  return volid;
}
