import { type Call, requirePrivilege } from "../call";
import { die, invalid } from "../failure";
import { saveGuest } from "../guest-config";
import { copyMs, lockTimeout, task } from "../guest-work";
import { print, read } from "../property-strings";
import { findVolume, release, storageOf } from "../volumes";
import type { Guest, Node } from "../world";
import { checkKeysShape, giveIdentities, resolveCdrom } from "./change";
import { isOption } from "./config-keys";
import { machineFormat } from "./device-formats";
import { isDrive, parseDrive } from "./drive-formats";
import { checkDrives, createDrive, defaultBoot, type Place } from "./drives";
import { newUuid } from "./identity";
import {
  byName,
  checkBridges,
  checkDevice,
  checkKeys,
  checkSerial,
  checkStorages,
} from "./permissions";
import { checkPool } from "./pools";
import { checkMachine, normalized } from "./update";

const qemu = { version: "10.1.2", machine: "10.1" };

export function ensureFree(call: Call, id: number): void {
  if (!call.world.guest(call.cluster, id)) return;
  throw die(`unable to create VM ${id}: config file already exists`);
}

/** A guest that is being made: nothing but its lock. */
export function locked(call: Call, vmid: number, lock: string): Guest {
  return {
    cluster: call.cluster,
    node: call.node.name,
    vmid,
    config: { lock },
    pending: {},
    status: "stopped",
    startedAt: 0,
  };
}

export async function create(call: Call): Promise<string> {
  const {
    vmid: id,
    start,
    pool,
    storage,
    archive,
    bwlimit,
    force: _force,
    unique: _unique,
    "ha-managed": managed,
    "live-restore": live,
    "import-working-storage": _working,
    ...set
  } = call.params;
  const vmid = Number(id);
  checkKeysShape(set);
  checkPool(call, pool);
  if (storage !== undefined) {
    requirePrivilege(call, `/storage/${storage}`, "Datastore.AllocateSpace");
    storageOf(call.node, storage);
  }
  if (managed === "1") requirePrivilege(call, "/", "Sys.Console");
  if (start === "1") requirePrivilege(call, `/vms/${vmid}`, "VM.PowerMgmt");
  mayAllocate(call, vmid, pool);
  if (archive !== undefined) refuseArchive(archive, set);
  resolveCdrom(set);
  checkStorages(call, vmid, set, storage);
  checkKeys(call, vmid, Object.keys(set));
  for (const [key, value] of Object.entries(set)) {
    if (key.startsWith("serial")) checkSerial(call, vmid, key, "set", value);
    else if (isOption(key)) checkDevice(call, vmid, key, value);
  }
  checkBridges(call, set);
  checkDrives(call.node, set);
  giveIdentities(call, vmid, set);
  await lockTimeout(call, vmid);
  if (call.world.guest(call.cluster, vmid)) {
    throw die(
      `unable to create VM ${vmid} - VM ${vmid} already exists on node '${call.world.guest(call.cluster, vmid)?.node}'`,
    );
  }
  call.world.save("guests", locked(call, vmid, "create"));
  return task(
    call,
    "qmcreate",
    vmid,
    "created",
    {
      set,
      storage,
      pool,
      start: start === "1",
      live: live === "1",
      managed: managed === "1",
    },
    "drop",
    // Beside a restore only an import that is live heeds it.
    live === "1" ? copyMs(importedBytes(call.node, set), bwlimit) : 0,
  );
}

/** The images that disks are made from; the firmware's variables are never live. */
export function imports(set: Record<string, string>): string[] {
  return Object.entries(set)
    .filter(([key]) => isDrive(key) && key !== "efidisk0")
    .flatMap(([key, value]) => parseDrive(key, value)?.["import-from"] ?? []);
}

function importedBytes(node: Node, set: Record<string, string>): number {
  return imports(set)
    .map((volid) => findVolume(node, volid)?.bytes ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** On the guest's path, or on that of the pool that it comes into. */
export function mayAllocate(call: Call, vmid: number, pool?: string): void {
  try {
    requirePrivilege(call, `/vms/${vmid}`, "VM.Allocate");
  } catch (error) {
    if (pool === undefined) throw error;
    requirePrivilege(call, `/pool/${pool}`, "VM.Allocate");
  }
}

function refuseArchive(archive: string, set: Record<string, string>): never {
  const drive = Object.keys(set).find(isDrive);
  if (drive !== undefined)
    throw invalid(drive, "option conflicts with option 'archive'");
  if (archive === "-") throw die("pipe requires cli environment");
  throw die(`volume '${archive}' does not exist`);
}

/** The worker's part: disks are made, and the configuration is written. */
export function finishCreate(
  place: Place,
  guest: Guest,
  set: Record<string, string>,
  storage: string | undefined,
): void {
  const { world } = place;
  const made: string[] = [];
  const config: Guest["config"] = {};
  const draft: Guest = { ...guest, config };
  try {
    for (const [key, value] of Object.entries(set).sort(byName)) {
      if (!isDrive(key)) {
        config[key] = normalized(key, value);
        continue;
      }
      config[key] = createDrive(place, draft, key, value, storage);
      const { file = "" } = parseDrive(key, String(config[key])) ?? {};
      if (!value.startsWith(file)) made.push(file);
    }
    config.boot ??= defaultBoot(config) ?? "";
    if (config.boot === "") delete config.boot;
    config.smbios1 ??= `uuid=${newUuid(world, guest.cluster, guest.vmid, "smbios1")}`;
    if (String(config.vmgenid ?? "1") === "1")
      config.vmgenid = newUuid(world, guest.cluster, guest.vmid, "vmgenid");
    config.meta = `creation-qemu=${qemu.version},ctime=${Math.floor(Date.now() / 1000)}`;
    pinMachine(config);
  } catch (error) {
    for (const volid of made) release(world, place.node, volid);
    throw die(
      `unable to create VM ${guest.vmid} - ${(error as Error).message}`,
    );
  }
  guest.config = config;
  saveGuest(world, guest);
}

/** Windows is confused by another machine version: it keeps the one that it was made with. */
function pinMachine(config: Guest["config"]): void {
  const text = config.machine === undefined ? "" : String(config.machine);
  const isWindows = /^(win|w2k|wxp|wvista)/.test(String(config.ostype ?? ""));
  if (text) checkMachine(text);
  const machine = read(machineFormat, text);
  if (isWindows && /^(pc|q35)?$/.test(machine.type ?? "")) {
    const chipset = machine.type === "q35" ? "q35" : "i440fx";
    machine.type = `pc-${chipset}-${qemu.machine}`;
  }
  if (Object.keys(machine).length > 0) config.machine = print(machine, "type");
}
