import { type Call, requirePrivilege } from "../call";
import { die } from "../failure";
import { checkGuest, checkLock, saveGuest } from "../guest-config";
import { copyMs, lockTimeout } from "../guest-work";
import { type Properties, print, read } from "../property-strings";
import {
  existingVolume,
  findVolume,
  imageFormats,
  imageStorage,
  isShared,
  newVolumeId,
  printSize,
  reserve,
  storageIdOf,
  storageOf,
  volumeName,
} from "../volumes";
import type { Config, Guest, Node, Volume } from "../world";
import { ensureFree, locked, mayAllocate } from "./create";
import { parseNetwork, printNetwork, smbiosFormat } from "./device-formats";
import {
  isCdrom,
  isCloudInit,
  isDrive,
  isUnused,
  parseDrive,
} from "./drive-formats";
import { allocate, cloudInitBytes, drivesOf, type Place } from "./drives";
import { newMac, newUuid } from "./identity";
import { checkBridges, checkMappings } from "./permissions";
import { checkPool } from "./pools";

/** What a clone is made from, and how. */
export interface CloneOptions {
  snapname?: string;
  storage?: string;
  format?: string;
  full: boolean;
}

const dropped =
  /^(parent|snaptime|vmstate|snapstate|runningcpu|runningmachine|running-nets-host-mtu|lock)$/;

export async function clone(call: Call): Promise<string> {
  const { params, world, cluster } = call;
  const { newid, name, description, pool, storage, format, snapname } = params;
  const source = checkGuest(call);
  const id = Number(newid);
  requirePrivilege(call, `/vms/${source.vmid}`, "VM.Clone");
  mayAllocate(call, id, pool);
  checkPool(call, pool);
  const target = targetOf(call);
  const from = configOf(source, snapname);
  const full =
    params.full === undefined ? from.template !== 1 : params.full === "1";
  if (storage !== undefined) {
    const { id: storageId } = imageStorage(call.node, storage);
    storageOf(call.node, storageId);
    if (target) storageOf(target, storageId);
    if (target && !isShared(storageOf(call.node, storageId)))
      throw die(`can't clone to non-shared storage '${storage}'`);
  }
  await lockTimeout(call, id);
  checkLock(source);
  for (const option of ["storage", "format"]) {
    if (params[option] !== undefined && !full)
      throw die(`parameter '${option}' not allowed for linked clones`);
  }
  checkCloneStorages(call, from, storage, target);
  checkMappings(call, from);
  checkBridges(call, from);
  ensureFree(call, id);
  checkFeatures(call.node, source, from, full, snapname !== undefined);
  // The target has neither name nor description before its first disk is copied.
  world.save("guests", locked(call, id, "clone"));
  return call.tasks.start({
    node: call.node.name,
    cluster,
    type: "qmclone",
    // The source's id, as qemu-server writes it.
    id: source.vmid,
    user: call.user,
    locks: id,
    effect: "cloned",
    args: {
      cluster,
      node: call.node.name,
      vmid: id,
      source: source.vmid,
      name,
      description,
      pool,
      target: target?.name,
      options: { snapname, storage, format, full } satisfies CloneOptions,
    },
    failure: "drop",
    leastMs: copyMs(copiedBytes(call.node, from, full), params.bwlimit),
  });
}

function copiedBytes(node: Node, config: Config, full: boolean): number {
  return drivesOf(config)
    .filter(([key, drive]) => !isCdrom(drive) && (full || key === "tpmstate0"))
    .map(([, { file = "" }]) => findVolume(node, file)?.bytes ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

function targetOf(call: Call): Node | undefined {
  const { target } = call.params;
  if (target === undefined || target === call.node.name) return undefined;
  const node = call.world.nodes.get(target);
  if (node?.cluster === call.cluster) return node;
  throw die(`no such cluster node '${target}'`);
}

function configOf(source: Guest, snapname: string | undefined): Config {
  if (snapname === undefined) return source.config;
  const snapshot = source.snapshots?.[snapname];
  if (snapshot === undefined)
    throw die(`snapshot '${snapname}' does not exist`);
  return snapshot;
}

function checkCloneStorages(
  call: Call,
  config: Config,
  storage: string | undefined,
  target: Node | undefined,
): void {
  for (const [, drive] of drivesOf(config)) {
    const { file = "" } = drive;
    if (!file.includes(":")) {
      if (file === "cdrom") requirePrivilege(call, "/", "Sys.Console");
      continue;
    }
    const own = storageOf(call.node, storageIdOf(file));
    if (target && !isShared(own)) {
      throw die(
        `can't clone VM to node '${target.name}' (VM uses local storage)`,
      );
    }
    if (!isCdrom(drive)) {
      requirePrivilege(
        call,
        `/storage/${storage ?? own.id}`,
        "Datastore.AllocateSpace",
      );
    }
  }
}

function checkFeatures(
  node: Node,
  source: Guest,
  config: Config,
  full: boolean,
  isSnapshot: boolean,
): void {
  for (const [key, drive] of drivesOf(config)) {
    const { file = "" } = drive;
    const volume = findVolume(node, file);
    if (
      isSnapshot &&
      !isCdrom(drive) &&
      volume &&
      !copiesSnapshots(node, volume)
    )
      throw die(
        `Full clone feature is not supported for a snapshot of '${file}' (${key})`,
      );
    if (full && key === "tpmstate0" && source.status === "running")
      throw die("cannot clone TPM state while VM is running");
    const isLinked =
      !full && key !== "tpmstate0" && !isCdrom(drive) && file.includes(":");
    if (isLinked && !volumeName(node, file).isBase) {
      throw die(`Linked clone feature is not supported for '${file}' (${key})`);
    }
  }
}

function copiesSnapshots(node: Node, { storage, format }: Volume): boolean {
  return format === "qcow2" || storageOf(node, storage).type === "lvmthin";
}

/** The worker's part: disks are copied, identities made new. */
export function finishClone(
  place: Place,
  source: Guest,
  guest: Guest,
  { name, description }: { name?: string; description?: string },
  options: CloneOptions,
): void {
  const { world } = place;
  const { cluster, vmid } = guest;
  const from = configOf(source, options.snapname);
  const config: Config = {};
  for (const [key, value] of Object.entries(from)) {
    if (dropped.test(key) || isUnused(key) || key === "template") continue;
    config[key] = isDrive(key)
      ? copyDrive(place, vmid, key, String(value), options)
      : /^net\d+$/.test(key)
        ? printNetwork({
            ...parseNetwork(String(value)),
            macaddr: newMac(world, cluster, vmid, key),
          })
        : value;
  }
  config.smbios1 = print(
    {
      ...read(smbiosFormat, String(from.smbios1 ?? "")),
      uuid: newUuid(world, cluster, vmid, "smbios1"),
    },
    "",
  );
  if (from.vmgenid !== undefined)
    config.vmgenid = newUuid(world, cluster, vmid, "vmgenid");
  config.name = name ?? `Copy-of-VM-${from.name ?? source.vmid}`;
  if (description !== undefined) config.description = description.trimEnd();
  guest.config = config;
  saveGuest(world, guest);
}

function copyDrive(
  place: Place,
  vmid: number,
  key: string,
  text: string,
  options: CloneOptions,
): string {
  const drive = parseDrive(key, text) ?? {};
  const { file = "" } = drive;
  if (!file.includes(":") || (isCdrom(drive) && !isCloudInit(drive)))
    return text;
  const volume = existingVolume(place.node, file);
  const isFull = options.full || isCloudInit(drive) || key === "tpmstate0";
  const copy = isFull
    ? copyVolume(place, volume, vmid, drive, options)
    : linkVolume(place, volume, vmid);
  delete drive.format;
  drive.file = copy.volid;
  drive.size = printSize(copy.bytes);
  return print(drive, "file");
}

/** A full copy, in the format that is asked for, else in the source's, where the storage has it. */
export function copyVolume(
  place: Place,
  volume: Volume,
  vmid: number,
  drive: Properties,
  { storage: id, format }: { storage?: string; format?: string },
): Volume {
  const storage = storageOf(place.node, id ?? volume.storage);
  const formats = imageFormats(storage);
  const isConfig = isCloudInit(drive);
  const chosen =
    [format, volume.format].find((item) => formats.includes(item ?? "")) ??
    formats[0] ??
    "raw";
  return allocate(
    place,
    storage,
    vmid,
    chosen,
    isConfig ? cloudInitBytes : volume.bytes,
    isConfig ? `vm-${vmid}-cloudinit` : undefined,
  );
}

function linkVolume(place: Place, volume: Volume, vmid: number): Volume {
  const { node, world, faults } = place;
  const storage = storageOf(node, volume.storage);
  const isFile = imageFormats(storage).length > 1;
  const format = isFile ? "qcow2" : "raw";
  const own = newVolumeId(node, storage, vmid, format);
  const volid =
    storage.type === "lvmthin"
      ? own
      : `${volume.volid}/${own.slice(own.indexOf(":") + 1)}`;
  reserve(
    world,
    node,
    {
      volid,
      storage: storage.id,
      content: "images",
      bytes: volume.bytes,
      format,
      vmid,
      base: volume.volid,
    },
    faults,
  );
  return existingVolume(node, volid);
}
