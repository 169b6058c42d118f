import { die, invalid } from "../failure";
import type { Faults } from "../faults";
import { type Properties, print } from "../property-strings";
import type { StorageSpec } from "../spec";
import {
  allocatedBytes,
  existingVolume,
  findVolume,
  imageFormats,
  newVolumeId,
  printSize,
  replaceVolume,
  reserve,
  storageOf,
  volumeName,
} from "../volumes";
import type { Config, Guest, Node, Volume, World } from "../world";
import {
  driveKeys,
  isCdrom,
  isCloudInit,
  isDrive,
  newDisk,
  parseDrive,
} from "./drive-formats";

/** What work on a guest's disks needs of the host. */
export interface Place {
  world: World;
  faults: Faults;
  node: Node;
}

const mebibyte = 2 ** 20;
export const cloudInitBytes = 4 * mebibyte;
const tpmStateBytes = 4 * mebibyte;
/** The sizes of OVMF's variable stores. */
const efiBytes: Record<string, number> = { "2m": 128 * 1024, "4m": 528 * 1024 };

export function drivesOf(config: Config): [key: string, drive: Properties][] {
  return Object.entries(config)
    .filter(([key]) => isDrive(key))
    .map(([key, value]) => [key, parseDrive(key, String(value)) ?? {}]);
}

export function driveOf(guest: Guest, key: string): Properties {
  const value = guest.config[key];
  if (value === undefined) throw die(`disk '${key}' does not exist`);
  return parseDrive(key, String(value)) ?? {};
}

/** Brings the drives among the parameters into PVE's own form, or refuses them. */
export function checkDrives(node: Node, set: Record<string, string>): void {
  for (const key of Object.keys(set).filter(isDrive).sort()) {
    const drive = parseDrive(key, set[key] ?? "");
    if (drive === undefined)
      throw invalid(key, "unable to parse drive options");
    checkImport(key, drive);
    const { file = "" } = drive;
    if (file.startsWith("/") && !file.startsWith("/dev/"))
      throw invalid(key, `unable to associate path '${file}' to any storage`);
    if (file === "none" || file === "cdrom") drive.media ??= "cdrom";
    else if (
      file.includes(":") &&
      !newDisk(file) &&
      !/:cloudinit$/.test(file)
    ) {
      const { content } = volumeName(node, file);
      if (content === "iso" && drive.media !== "cdrom")
        throw invalid(key, "explicit 'media=cdrom' is required for iso images");
    }
    set[key] = print(drive, "file");
  }
}

function checkImport(key: string, drive: Properties): void {
  if (drive["import-from"] === undefined) return;
  if (newDisk(drive.file ?? "")?.gibibytes !== 0) {
    throw invalid(
      key,
      "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>",
    );
  }
  const required = {
    efidisk0: ["efitype", "pre-enrolled-keys"],
    tpmstate0: ["version"],
  };
  for (const name of required[key as keyof typeof required] ?? []) {
    if (drive[name] === undefined)
      throw invalid(key, `need to specify '${name}' when using 'import-from'`);
  }
}

/** Makes or attaches what a drive names, and returns its value for the configuration. */
export function createDrive(
  place: Place,
  guest: Guest,
  key: string,
  text: string,
  defaultStorage?: string,
): string {
  const drive = parseDrive(key, text) ?? {};
  const { file = "" } = drive;
  const fresh = newDisk(file);
  if (file === "none" || file === "cdrom") {
    delete drive.size;
  } else if (/(^|:)cloudinit$/.test(file)) {
    refuseSecondCloudInit(guest, key);
    const id = file.includes(":") ? file.split(":")[0] : defaultStorage;
    const storage = storageOf(place.node, requireStorage(id));
    drive.file = allocate(
      place,
      storage,
      guest.vmid,
      drive.format ?? (imageFormats(storage).length > 1 ? "qcow2" : "raw"),
      cloudInitBytes,
      `vm-${guest.vmid}-cloudinit`,
    ).volid;
    drive.media = "cdrom";
    delete drive.format;
    delete drive.size;
  } else if (fresh !== undefined) {
    const id = requireStorage(fresh.storage ?? defaultStorage);
    Object.assign(
      drive,
      makeDisk(place, guest, key, drive, id, fresh.gibibytes),
    );
    delete drive["import-from"];
    delete drive.format;
  } else if (!file.startsWith("/")) {
    const volume = existingVolume(place.node, file);
    if (drive.format !== undefined && drive.format !== volume.format) {
      throw die(
        `drive '${key}' - volume '${file}' - 'format=${drive.format}' option different from storage format '${volume.format}'`,
      );
    }
    if (isCloudInit(drive)) refuseSecondCloudInit(guest, key);
    drive.size = printSize(volume.bytes);
  }
  return print(drive, "file");
}

function requireStorage(id: string | undefined): string {
  if (id === undefined || id === "")
    throw die("no storage ID specified (and no default storage)");
  return id;
}

function refuseSecondCloudInit(guest: Guest, key: string): void {
  const values = { ...guest.config };
  for (const [name, value] of Object.entries(guest.pending))
    if (value !== null) values[name] = value;
  const other = drivesOf(values).find(
    ([name, drive]) => name !== key && isCloudInit(drive),
  );
  if (other !== undefined)
    throw die(`${key} - cloud-init drive is already attached at '${other[0]}'`);
}

function makeDisk(
  place: Place,
  guest: Guest,
  key: string,
  drive: Properties,
  storageId: string,
  gibibytes: number,
): { file: string; size: string } {
  const storage = storageOf(place.node, storageId);
  const source = drive["import-from"];
  const format = key === "tpmstate0" ? "raw" : drive.format;
  const bytes =
    key === "efidisk0"
      ? (efiBytes[drive.efitype ?? "2m"] ?? 0)
      : key === "tpmstate0"
        ? tpmStateBytes
        : source !== undefined
          ? importedBytes(place.node, source)
          : Math.round(gibibytes * mebibyte) * 1024;
  const volume = allocate(
    place,
    storage,
    guest.vmid,
    format ?? imageFormats(storage)[0] ?? "raw",
    bytes,
  );
  const made = guest.config.template === 1 ? makeBase(place, volume) : volume;
  const isExact = source === undefined && key !== "efidisk0";
  return { file: made.volid, size: printSize(isExact ? bytes : made.bytes) };
}

function importedBytes(node: Node, source: string): number {
  try {
    if (source.startsWith("/")) throw die(`file '${source}' does not exist`);
    if (isCloudInit({ file: source }))
      throw die("cannot import from cloudinit disk");
    return existingVolume(node, source).bytes;
  } catch (error) {
    throw die(`cannot import from '${source}' - ${(error as Error).message}`);
  }
}

export function allocate(
  { world, faults, node }: Place,
  storage: StorageSpec,
  vmid: number,
  format: string,
  bytes: number,
  name?: string,
): Volume {
  if (!storage.content.includes("images")) {
    throw die(`storage '${storage.id}' does not support content-type 'images'`);
  }
  const volid = newVolumeId(node, storage, vmid, format, name);
  if (name !== undefined && findVolume(node, volid))
    throw die(`disk image '${volid}' already exists`);
  const volume = {
    volid,
    storage: storage.id,
    content: "images",
    bytes: allocatedBytes(storage, bytes),
    format,
    vmid,
  };
  reserve(world, node, volume, faults);
  return existingVolume(node, volid);
}

/** A template's volume: others may stand on it. */
export function makeBase({ world, node }: Place, volume: Volume): Volume {
  const at = volume.volid.lastIndexOf("vm-");
  if (at < 0 || volumeName(node, volume.volid).isBase) return volume;
  const volid = `${volume.volid.slice(0, at)}base-${volume.volid.slice(at + 3)}`;
  return replaceVolume(world, node, volume, { volid });
}

/** The first disk, the first CD-ROM, the first NIC. */
export function defaultBoot(config: Config): string | undefined {
  const drives = new Map(drivesOf(config));
  const firstOf = (media: boolean) =>
    driveKeys.find((key) => {
      const drive = drives.get(key);
      return drive !== undefined && isCdrom(drive) === media;
    });
  const nic = Array.from({ length: 32 }, (_, index) => `net${index}`).find(
    (key) => config[key] !== undefined,
  );
  const order = [firstOf(false), firstOf(true), nic].filter(Boolean);
  return order.length > 0 ? `order=${order.join(";")}` : undefined;
}
