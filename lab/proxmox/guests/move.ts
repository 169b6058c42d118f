import { type Call, requirePrivilege } from "../call";
import { die, Failure, invalid } from "../failure";
import { checkGuest, checkLock, digestOf, saveGuest } from "../guest-config";
import { copyMs, lockTimeout, task } from "../guest-work";
import { type Properties, print } from "../property-strings";
import {
  existingVolume,
  imageStorage,
  printSize,
  release,
  replaceVolume,
  storageIdOf,
} from "../volumes";
import type { Guest } from "../world";
import { copyVolume } from "./clone";
import { bootOrder } from "./config-keys";
import { driveFormat, isCdrom, isCloudInit, isUnused } from "./drive-formats";
import { driveOf, makeBase, type Place } from "./drives";
import { addUnused } from "./retire";
import { update } from "./update";

const isMedium = (drive: Properties) => isCdrom(drive) && !isCloudInit(drive);

export async function move(call: Call): Promise<string> {
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
  const { disk = "", storage, format, digest, delete: remove } = call.params;
  const target = call.params["target-vmid"];
  if ((storage === undefined) === (target === undefined)) {
    const why = storage
      ? "either set 'storage' or 'target-vmid', but not both"
      : "both 'storage' and 'target-vmid' missing, either needs to be set";
    throw new Failure(400, "Parameter verification failed.", {
      "target-vmid": why,
      storage: why,
    });
  }
  if (target !== undefined) return reassign(call, guest, Number(target));
  requirePrivilege(call, `/storage/${storage}`, "Datastore.AllocateSpace");
  const options = { disk, storage: storage ?? "", format, digest };
  const { file = "" } = checkMove(call, guest, options);
  await lockTimeout(call, guest.vmid);
  return task(
    call,
    "qmmove",
    guest.vmid,
    "diskMoved",
    { ...options, remove: remove === "1" },
    undefined,
    copyMs(existingVolume(call.node, file).bytes, call.params.bwlimit),
  );
}

interface Move {
  disk: string;
  storage: string;
  format?: string;
  digest?: string;
}

function checkMove(
  { node }: Pick<Place, "node">,
  guest: Guest,
  { disk, storage, format, digest }: Move,
): Properties {
  checkLock(guest);
  if (digest !== undefined && digest !== digestOf(guest))
    throw die(
      "detected modified configuration - file changed by other user? Try again.",
    );
  const drive = driveOf(guest, disk);
  if (isMedium(drive)) throw die("you can't move a cdrom");
  const volume = existingVolume(node, drive.file ?? "");
  if (volume.storage === storage && (!format || format === volume.format))
    throw die("you can't move to the same storage with same format");
  imageStorage(node, storage);
  return drive;
}

export function finishMove(
  place: Place,
  guest: Guest,
  options: Move & { remove: boolean },
): void {
  const drive = checkMove(place, guest, options);
  const { disk, remove } = options;
  const old = existingVolume(place.node, drive.file ?? "");
  let copy: ReturnType<typeof copyVolume>;
  try {
    copy = copyVolume(place, old, guest.vmid, drive, options);
  } catch (error) {
    throw die(`storage migration failed: ${(error as Error).message}`);
  }
  if (guest.config.template === 1) copy = makeBase(place, copy);
  const { format: _format, ...rest } = drive;
  guest.config[disk] = isUnused(disk)
    ? copy.volid
    : print({ ...rest, file: copy.volid, size: printSize(copy.bytes) }, "file");
  if (remove) release(place.world, place.node, old.volid);
  else addUnused(guest, old.volid);
  saveGuest(place.world, guest);
}

/** Gives a disk to another guest of the same node. */
async function reassign(
  call: Call,
  source: Guest,
  target: number,
): Promise<string> {
  const { disk = "", digest } = call.params;
  const key = call.params["target-disk"] ?? disk;
  requirePrivilege(call, `/vms/${target}`, "VM.Config.Disk");
  if (target === source.vmid) {
    throw invalid(
      "target-vmid",
      "must be different than source VMID to reassign disk",
    );
  }
  const options = {
    disk,
    target,
    key,
    digest,
    targetDigest: call.params["target-digest"],
  };
  const { drive } = checkReassign(call, source, options);
  const path = `/storage/${storageIdOf(drive.file ?? "")}`;
  requirePrivilege(call, path, "Datastore.AllocateSpace");
  await lockTimeout(call, source.vmid);
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type: "qmmove",
    id: `${source.vmid}-${disk}>${target}-${key}`,
    user: call.user,
    locks: source.vmid,
    effect: "diskReassigned",
    args: { cluster: call.cluster, vmid: source.vmid, ...options },
  });
}

interface Reassign {
  disk: string;
  target: number;
  key: string;
  digest?: string;
  targetDigest?: string;
}

function checkReassign(
  { world, node }: Pick<Place, "world" | "node">,
  source: Guest,
  options: Reassign,
): { target: Guest; drive: Properties } {
  const { disk, key } = options;
  const target = world.guest(source.cluster, options.target);
  if (target === undefined)
    throw die(`could not find target VM ${options.target}`);
  if (target.node !== source.node) {
    throw die(
      `Both VMs need to be on the same node (${source.node} != ${target.node})`,
    );
  }
  checkLock(source);
  checkLock(target);
  if (source.config.template === 1 || target.config.template === 1)
    throw die("Can't move disks from or to template VMs");
  checkOwnDigest(source, options.digest);
  checkOwnDigest(target, options.targetDigest);
  if (source.config[disk] === undefined)
    throw die(`Disk '${disk}' for VM '${source.vmid}' does not exist`);
  if (target.config[key] !== undefined) {
    throw die(
      `Target disk key '${key}' is already in use for VM '${target.vmid}'`,
    );
  }
  const drive = driveOf(source, disk);
  if (isMedium(drive))
    throw die("CD drive contents can't be moved to another VM");
  existingVolume(node, drive.file ?? "");
  if (source.status === "running" && !isUnused(disk)) {
    throw die(
      "Cannot move disk to another VM while the source VM is running - detach first",
    );
  }
  return { target, drive };
}

function checkOwnDigest(guest: Guest, digest: string | undefined): void {
  if (digest !== undefined && digest !== digestOf(guest)) {
    throw die(
      `VM ${guest.vmid}: detected modified configuration - file changed by other user? Try again.`,
    );
  }
}

export function finishReassign(
  place: Place,
  source: Guest,
  options: Reassign,
): void {
  const { world, node } = place;
  const { target, drive } = checkReassign(place, source, options);
  const { disk, key } = options;
  const volume = existingVolume(node, drive.file ?? "");
  const own = node.volumes[volume.storage]?.ofGuest(target.vmid) ?? [];
  const taken = new Set(own.map(({ volid }) => /-disk-(\d+)/.exec(volid)?.[1]));
  let index = 0;
  while (taken.has(String(index))) index++;
  const volid = volume.volid
    .replaceAll(`:${source.vmid}/`, `:${target.vmid}/`)
    .replace(/vm-\d+-disk-\d+(?=(\.\w+)?$)/, `vm-${target.vmid}-disk-${index}`);
  replaceVolume(world, node, volume, { volid, vmid: target.vmid });
  const order = bootOrder(source.config.boot);
  if (order.includes(disk)) {
    const rest = order.filter((name) => name !== disk);
    if (rest.length > 0) source.config.boot = `order=${rest.join(";")}`;
    else delete source.config.boot;
  }
  delete source.config[disk];
  saveGuest(world, source);
  if (isUnused(key)) {
    target.config[key] = volid;
    saveGuest(world, target);
    return;
  }
  const known = driveFormat(key);
  const kept = Object.fromEntries(
    Object.entries({ ...drive, file: volid }).filter(([name]) => name in known),
  );
  const change = { unset: [], revert: [], force: false, skipLock: false };
  update(place, target, { ...change, set: { [key]: print(kept, "file") } });
}
