import { UserError } from "../../dynamic/failure";
import { formatMark } from "../../dynamic/owner";
import { isWrongPowerState, type ProxmoxSession } from "../client";
import { keptName } from "../guests/claim";
import { text } from "../guests/config";
import { destroyGuest } from "../guests/destroy";
import type { Guest } from "../guests/find";
import { diskSlots, efiSlot, tpmSlot } from "./disks/plan";
import type { VirtualMachineInputs } from "./model";
import { leaveHa } from "./steps/ha";
import { shutdown, stateOf } from "./steps/power";
import { write } from "./steps/write";

/**
 * Deletes the guest. With disks to keep it leaves a stopped guest under the
 * same id that holds just those: their volumes carry that id in their names,
 * and the next creation of the same owner takes them up again.
 */
export async function remove(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  tell: (text: string) => void,
): Promise<void> {
  const { config, vmId } = guest;
  if (Number(config.protection ?? 0) === 1) {
    throw new UserError(
      `guest ${vmId} on host "${inputs.host}" is protected. Set protection: false and run "pulumi up" first`,
    );
  }
  const listed = await session.findGuest(vmId);
  if (listed?.hastate !== undefined) await leaveHa(session, vmId);
  // The list is some seconds old: only a shutdown for nothing does no harm.
  guest.state = listed?.status === "running" ? "running" : undefined;
  try {
    await stopAndRemove(session, guest, inputs, tell);
  } catch (error) {
    if (!isWrongPowerState(error)) throw error;
    guest.state = undefined;
    await stopAndRemove(session, guest, inputs, tell);
  }
}

async function stopAndRemove(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  tell: (text: string) => void,
): Promise<void> {
  if ((await stateOf(session, guest)) === "running") {
    await shutdown(session, guest, inputs);
  }
  const { config, vmId } = guest;
  const slots = diskSlots(config);
  const keeps = slots.filter((slot) => isKept(slot, inputs));
  const unused = Object.keys(config).some((key) => /^unused\d/.test(key));
  if (keeps.length === 0 && !unused) return destroyGuest(session, guest);
  const mark = formatMark({ owner: inputs.owner, id: `${vmId}` });
  const set = { name: keptName(inputs.name), description: mark, onboot: 0 };
  if (text(config, "name") !== set.name) {
    await write(session, guest, { set, unset: [] });
    config.digest = undefined;
  }
  // Firmware variables and TPM state stay with the disks that they open.
  const doomed = slots.filter(
    (slot) => !isKept(slot, inputs) && !(keeps.length > 0 && isState(slot)),
  );
  const gone = { set: {}, unset: doomed };
  await write(session, guest, gone, { force: true, slow: true });
  const kept = keeps.length > 0 ? keeps.join(", ") : "a disk without a slot";
  tell(`${kept} stays, in guest ${vmId} "${set.name}"`);
}

/** A disk that somebody attached by hand is not ours to destroy either. */
function isKept(slot: string, { disks }: VirtualMachineInputs): boolean {
  return !isState(slot) && disks[slot]?.onDestroy !== "destroy";
}

function isState(slot: string): boolean {
  return slot === efiSlot || slot === tpmSlot;
}
