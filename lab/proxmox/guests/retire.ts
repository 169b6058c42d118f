import { die } from "../failure";
import type { Properties } from "../property-strings";
import {
  findVolume,
  release,
  storageIdOf,
  storageOf,
  volumeName,
  volumesOf,
} from "../volumes";
import type { Guest, Node } from "../world";
import { isCdrom, isCloudInit } from "./drive-formats";
import { drivesOf, type Place } from "./drives";

/** Whether a guest's file of the volume is its own, and not another's that it has attached. */
export function ownsVolume(node: Node, guest: Guest, volid: string): boolean {
  return findVolume(node, volid)?.vmid === guest.vmid;
}

/** A drive that left its slot: its volume stays with the guest as unusedN. */
export function retire(place: Place, guest: Guest, drive: Properties): void {
  const { file = "" } = drive;
  if (isCloudInit(drive)) {
    release(place.world, place.node, file);
    delete guest.cloudinit;
  } else if (!isCdrom(drive) && ownsVolume(place.node, guest, file)) {
    addUnused(guest, file);
  }
}

export function addUnused(guest: Guest, volid: string): string | undefined {
  for (let index = 0; index < 256; index++) {
    const key = `unused${index}`;
    if (guest.config[key] === volid) return undefined;
    if (guest.config[key] !== undefined) continue;
    guest.config[key] = volid;
    return key;
  }
  throw die("Too many unused volumes - please delete them first.");
}

/** Destroys the volume, unless it is another guest's or still in use. */
export function destroyVolume(
  { world, node }: Place,
  guest: Guest,
  key: string,
  drive: Properties,
): void {
  const { file = "" } = drive;
  const isMedium = isCdrom(drive) && !isCloudInit(drive);
  if (isMedium || !ownsVolume(node, guest, file)) return;
  const inUse = [guest.config, ...Object.values(guest.snapshots ?? {})].some(
    (config) =>
      drivesOf(config).some(
        ([name, other]) =>
          (config !== guest.config || name !== key) && other.file === file,
      ),
  );
  if (inUse)
    throw die(
      `unable to delete '${file}' - volume is still in use (snapshot?)`,
    );
  if (volumeName(node, file).isBase && isBaseInUse(node, file))
    throw die(`base volume '${file}' is still in use by linked clones`);
  release(world, node, file);
}

/** Thin volumes do not tell what they stand on. */
export function isBaseInUse(node: Node, volid: string): boolean {
  const id = storageIdOf(volid);
  return (
    storageOf(node, id).type !== "lvmthin" &&
    volumesOf(node, id).some(({ base }) => base === volid)
  );
}
