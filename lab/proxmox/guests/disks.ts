import { type Call, type Route, requirePrivilege } from "../call";
import { die, invalid } from "../failure";
import { checkDigest, checkGuest, checkLock, saveGuest } from "../guest-config";
import { lockTimeout, task } from "../guest-work";
import {
  boolean,
  digest,
  integer,
  oneOf,
  pattern,
  storageId,
  string,
  vmid,
} from "../parameters";
import { print } from "../property-strings";
import {
  existingVolume,
  parseSize,
  printSize,
  replaceVolume,
  storageIdOf,
  storageOf,
  usedBytes,
} from "../volumes";
import type { Guest } from "../world";
import {
  allDriveKeys,
  isCdrom,
  isUnused,
  parseDrive,
  unusedKeys,
} from "./drive-formats";
import { driveOf, makeBase, type Place } from "./drives";
import { move } from "./move";
import { checkDestroy, checkSkipLock } from "./permissions";
import { ownsVolume } from "./retire";
import { update } from "./update";

const one = "/nodes/{node}/qemu/{vmid}";
async function resize(call: Call): Promise<string> {
  checkSkipLock(call);
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
  const { disk = "", size = "", digest, skiplock } = call.params;
  const { file = "" } =
    parseDrive(disk, String(guest.config[disk] ?? "none")) ?? {};
  if (file.includes(":")) {
    const path = `/storage/${storageIdOf(file)}`;
    requirePrivilege(call, path, "Datastore.AllocateSpace");
  }
  await lockTimeout(call, guest.vmid);
  return task(call, "resize", guest.vmid, "resized", {
    disk,
    size,
    digest,
    skipLock: skiplock === "1",
  });
}

/** The worker's part; all that PVE checks, it checks there. */
export function finishResize(
  { world, node }: Place,
  guest: Guest,
  {
    disk,
    size,
    digest,
    skipLock,
  }: { disk: string; size: string; digest?: string; skipLock: boolean },
): void {
  checkDigest(guest, digest);
  if (!skipLock) checkLock(guest);
  const drive = driveOf(guest, disk);
  if (isCdrom(drive)) throw die("you can't resize a cdrom");
  const volume = existingVolume(node, drive.file ?? "");
  const wanted = parseSize(size.replace("+", ""));
  const bytes = size.startsWith("+") ? volume.bytes + wanted : wanted;
  if (bytes < volume.bytes) throw die("shrinking disks is not supported");
  if (bytes === volume.bytes) return;
  const { totalBytes } = storageOf(node, volume.storage);
  if (usedBytes(node, volume.storage) + bytes - volume.bytes > totalBytes) {
    throw die(
      `zfs error: cannot set property for '${volume.volid}': size is greater than available space`,
    );
  }
  replaceVolume(world, node, volume, { bytes });
  guest.config[disk] = print({ ...drive, size: printSize(bytes) }, "file");
  saveGuest(world, guest);
}

const template: Route = {
  method: "POST",
  path: `${one}/template`,
  schema: { optional: { disk: oneOf(...allDriveKeys) } },
  handle: async (call) => {
    const guest = checkGuest(call);
    requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Allocate");
    const { disk } = call.params;
    await lockTimeout(call, guest.vmid);
    checkTemplate(guest, disk);
    return task(call, "qmtemplate", guest.vmid, "templated", { disk });
  },
};

function checkTemplate(guest: Guest, disk: string | undefined): void {
  checkLock(guest);
  if (Object.keys(guest.snapshots ?? {}).length > 0)
    throw die("unable to create template, because VM contains snapshots");
  if (guest.config.template === 1 && disk === undefined)
    throw die("you can't convert a template to a template");
  if (guest.status === "running")
    throw die("you can't convert a VM to template if VM is running");
}

export function finishTemplate(
  place: Place,
  guest: Guest,
  only: string | undefined,
): void {
  checkTemplate(guest, only);
  guest.config.template = 1;
  for (const key of only === undefined ? allDriveKeys : [only]) {
    const value = guest.config[key];
    if (value === undefined) continue;
    const drive = parseDrive(key, String(value)) ?? {};
    const { file = "" } = drive;
    if (isCdrom(drive) || !ownsVolume(place.node, guest, file)) continue;
    const { volid } = makeBase(place, existingVolume(place.node, file));
    guest.config[key] = print({ ...drive, file: volid }, "file");
  }
  saveGuest(place.world, guest);
}

async function unlink(call: Call): Promise<null> {
  const guest = checkGuest(call);
  const { idlist = "", force } = call.params;
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
  const unset = idlist.split(/[,;\s]+/).filter(Boolean);
  const known = new Set([...allDriveKeys, ...unusedKeys]);
  for (const key of unset) {
    if (!known.has(key)) throw invalid("delete", `unknown option '${key}'`);
    if (force === "1" || isUnused(key)) checkDestroy(call, guest, key);
  }
  await lockTimeout(call, guest.vmid);
  update(call, guest, {
    set: {},
    unset,
    revert: [],
    force: force === "1",
    skipLock: false,
  });
  return null;
}

export const diskRoutes: Route[] = [
  {
    method: "PUT",
    path: `${one}/resize`,
    schema: {
      required: {
        disk: oneOf(...allDriveKeys),
        size: pattern(/\+?\d+(\.\d+)?[KMGT]?/),
      },
      optional: { digest, skiplock: boolean },
    },
    handle: resize,
  },
  {
    method: "POST",
    path: `${one}/move_disk`,
    schema: {
      required: { disk: oneOf(...allDriveKeys, ...unusedKeys) },
      optional: {
        storage: storageId,
        format: oneOf("raw", "qcow2", "vmdk"),
        delete: boolean,
        digest,
        bwlimit: integer(0),
        "target-vmid": vmid,
        "target-disk": oneOf(...allDriveKeys, ...unusedKeys),
        "target-digest": digest,
      },
    },
    handle: move,
  },
  {
    method: "PUT",
    path: `${one}/unlink`,
    schema: { required: { idlist: string }, optional: { force: boolean } },
    handle: unlink,
  },
  template,
];
