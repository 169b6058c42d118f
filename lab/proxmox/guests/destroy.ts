import { type Call, type Route, requirePrivilege } from "../call";
import { die } from "../failure";
import { checkGuest, checkLock, checkProtection } from "../guest-config";
import { lockTimeout, task } from "../guest-work";
import { checkRemovable } from "../ha-routes";
import { boolean } from "../parameters";
import { forgetGuest } from "../pools";
import { findVolume, guestVolumes, release } from "../volumes";
import type { Guest } from "../world";
import {
  isCdrom,
  isCloudInit,
  isDrive,
  isUnused,
  parseDrive,
} from "./drive-formats";
import { drivesOf, type Place } from "./drives";
import { checkSkipLock } from "./permissions";
import { isBaseInUse } from "./retire";

function checkDestroyable(guest: Guest): void {
  const { vmid, status } = guest;
  checkProtection(guest, `can't remove VM ${vmid}`);
  if (status === "running") throw die(`VM ${vmid} is running - destroy failed`);
}

export const destroyRoute: Route = {
  method: "DELETE",
  path: "/nodes/{node}/qemu/{vmid}",
  schema: {
    optional: {
      purge: boolean,
      "destroy-unreferenced-disks": boolean,
      skiplock: boolean,
    },
  },
  handle: async (call: Call) => {
    checkSkipLock(call);
    const guest = checkGuest(call);
    requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Allocate");
    checkRemovable(call, guest.vmid);
    checkDestroyable(guest);
    await lockTimeout(call, guest.vmid);
    return task(call, "qmdestroy", guest.vmid, "destroyed", {
      skipLock: call.params.skiplock === "1",
      unreferenced: call.params["destroy-unreferenced-disks"] === "1",
    });
  },
};

/** The worker's part: a lock and linked clones stop it only here. */
export function finishDestroy(
  { world, node }: Place,
  guest: Guest,
  { skipLock, unreferenced }: { skipLock?: boolean; unreferenced?: boolean },
): void {
  checkDestroyable(guest);
  if (!skipLock) checkLock(guest);
  for (const [, drive] of drivesOf(guest.config)) {
    const { file = "" } = drive;
    const isUsed =
      guest.config.template === 1 &&
      !isCdrom(drive) &&
      file.includes(":") &&
      findVolume(node, file) !== undefined &&
      isBaseInUse(node, file);
    if (isUsed)
      throw die(`base volume '${file}' is still in use by linked cloned`);
  }
  for (const config of [guest.config, guest.pending]) {
    for (const [key, value] of Object.entries(config)) {
      if (value === null || !(isDrive(key) || isUnused(key))) continue;
      const drive = parseDrive(key, String(value)) ?? {};
      const { file = "" } = drive;
      const isMedium = isCdrom(drive) && !isCloudInit(drive);
      if (!isMedium && findVolume(node, file)?.vmid === guest.vmid)
        release(world, node, file);
    }
  }
  for (const { vmstate } of Object.values(guest.snapshots ?? {}))
    release(world, node, String(vmstate));
  for (const { volid } of unreferenced ? guestVolumes(node, guest.vmid) : [])
    release(world, node, volid);
  world.remove("guests", guest);
  forgetGuest(world, guest.cluster, guest.vmid);
}
