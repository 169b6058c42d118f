import { UserError } from "../../../dynamic/failure";
import { type ProxmoxSession, path } from "../../client";
import { type Config, text, volumeOf } from "../../guests/config";
import { type Guest, type PendingEntry, readConfig } from "../../guests/find";
import { namesVolumes, planDisks, sizeOf } from "../disks/plan";
import type { VirtualMachineInputs, VirtualMachineOutputs } from "../model";
import { changesTo, settingsOf } from "../settings";
import { cloudInitKey, cloudInitSlot } from "../settings/cloud-init";
import { imageOf } from "./obtain";
import { write } from "./write";

/** Keys of PVE that were written. */
export type Written = readonly string[];

/** Brings configuration and disks to the inputs. */
export async function configure(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  before: VirtualMachineInputs | undefined,
  /** By slot; what this detaches is added, what it attaches again taken out. */
  kept: Record<string, string>,
): Promise<Written> {
  if (before) await takeBack(session, guest, inputs);
  refuseShrinking(guest.config, inputs);
  const image = await imageOf(session, guest, inputs);
  const fill = (slot: string) => (slot === "scsi0" ? image : undefined);
  const plan = () => planDisks(inputs, guest.config, before, fill, kept);
  if (guest.assumed && namesVolumes(plan())) await reread(session, guest);
  // First: options of a running guest's disk wait with the size they were written with.
  const { grow } = plan();
  for (const { slot, size } of grow) await resize(session, guest, slot, size);
  const { add, options, move, detach, destroy } = plan();
  const settings = settingsOf(inputs, guest.config, before, guest.vmId);
  const { set, unset } = changesTo(known(guest), settings);
  Object.assign(set, add, options);
  unset.push(...detach);
  for (const slot of detach) {
    const volume = volumeOf(guest.config, slot);
    if (volume) kept[slot] = volume;
  }
  if (set[cloudInitSlot] && text(guest.config, cloudInitSlot)) {
    // Else PVE leaves the old drive's volume behind (QemuServer.pm, vmconfig_update_disk).
    const ejected = { set: { [cloudInitSlot]: "none,media=cdrom" }, unset: [] };
    await write(session, guest, ejected, { slow: true });
    await reread(session, guest);
  }
  const made = Object.keys(add).length > 0;
  // PVE appends a new drive to the boot order, unless the order comes with it.
  const drives = made || set[cloudInitSlot] !== undefined;
  if (drives && inputs.bootOrder && settings.boot) set.boot = settings.boot;
  const slow = made || guest.state !== "stopped";
  await write(session, guest, { set, unset }, { slow });
  if (made || move.length + destroy.length > 0) await reread(session, guest);
  for (const slot of Object.keys(inputs.disks)) delete kept[slot];
  const doomed = { set: {}, unset: destroy };
  const gone = { force: true, slow: true };
  if (await write(session, guest, doomed, gone)) await reread(session, guest);
  for (const { slot, storage, format } of move) {
    await moveDisk(session, guest, slot, storage, format);
  }
  // A disk made of an image has that one's size until it is grown.
  const late = made ? plan().grow : [];
  for (const { slot, size } of late) await resize(session, guest, slot, size);
  const resized = [...grow, ...late].map(({ slot }) => slot);
  return [...Object.keys(set), ...unset, ...destroy, ...resized];
}

/**
 * Cloud-init's keys that the update before wrote without the restart that they
 * need, or that one which was killed may have written.
 */
export function owedCloudInit(
  { config, vmId }: Guest,
  inputs: VirtualMachineInputs,
  before: (VirtualMachineInputs & VirtualMachineOutputs) | undefined,
): string[] {
  if (before === undefined) return [];
  const old = settingsOf(before, config, before, vmId);
  const wanted = settingsOf(inputs, config, before, vmId);
  const changed = Object.keys({ ...old, ...wanted }).filter(
    (key) => cloudInitKey.test(key) && old[key] !== wanted[key],
  );
  return [...(before.owed ?? []), ...changed];
}

/**
 * A slot that is declared again while its removal waits for the guest's next
 * start has its volume still, although the configuration does not show it.
 */
async function takeBack(
  session: ProxmoxSession,
  guest: Guest,
  { disks }: VirtualMachineInputs,
): Promise<void> {
  const { node, vmId, config } = guest;
  const missing = Object.keys(disks).filter((slot) => !text(config, slot));
  if (missing.length === 0) return;
  const entries = await session.request<PendingEntry[]>(
    "GET",
    path`/nodes/${node}/qemu/${vmId}/pending`,
  );
  const leaving = entries
    .filter((entry) => entry.delete && missing.includes(entry.key))
    .map(({ key }) => key);
  if (leaving.length === 0) return;
  const place = path`/nodes/${node}/qemu/${vmId}/config`;
  await session.request("PUT", place, { revert: leaving.join(",") });
  await reread(session, guest);
}

/** Of an assumed configuration only slots are compared; all else is sent. */
function known({ config, assumed }: Guest): Config {
  if (!assumed) return config;
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => /\d$/.test(key)),
  );
}

async function reread(session: ProxmoxSession, guest: Guest): Promise<void> {
  guest.config = (await readConfig(session, guest.node, guest.vmId)) ?? {};
  guest.assumed = false;
}

function refuseShrinking(config: Config, { disks }: VirtualMachineInputs) {
  for (const [slot, { size }] of Object.entries(disks)) {
    const actual = sizeOf(config, slot);
    if (!(actual > size)) continue;
    throw new UserError(
      `disk ${slot} is ${actual} GiB already, as its image is, and cannot shrink to ${size}. Give it at least ${Math.ceil(actual)} GiB`,
    );
  }
}

async function resize(
  session: ProxmoxSession,
  guest: Guest,
  slot: string,
  size: number,
): Promise<void> {
  const { node, vmId, config } = guest;
  const upid = await session.request<string | null>(
    "PUT",
    path`/nodes/${node}/qemu/${vmId}/resize`,
    { disk: slot, size: `${size}G`, digest: text(config, "digest") },
  );
  if (upid) await session.task(upid, `resize of ${slot}`);
  if (!guest.assumed) return reread(session, guest);
  const value = text(config, slot) ?? "";
  config[slot] = value.replace(/size=[^,]*/, `size=${size}G`);
}

/** The original goes once the copy is complete. */
async function moveDisk(
  session: ProxmoxSession,
  guest: Guest,
  slot: string,
  storage: string,
  format: string | undefined,
): Promise<void> {
  const { node, vmId, config } = guest;
  const digest = text(config, "digest");
  const upid = await session.request<string>(
    "POST",
    path`/nodes/${node}/qemu/${vmId}/move_disk`,
    { disk: slot, storage, format, delete: true, digest },
  );
  await session.task(upid, `move of ${slot} to storage "${storage}"`);
  await reread(session, guest);
}

/** A start does that by itself; a running guest finds it at its next boot. */
export async function regenerate(
  session: ProxmoxSession,
  { node, vmId, state }: Guest,
  written: Written,
): Promise<void> {
  if (state === "stopped") return;
  if (!written.some((key) => cloudInitKey.test(key))) return;
  await session.request("PUT", path`/nodes/${node}/qemu/${vmId}/cloudinit`);
}
