import { type Properties, print, read } from "../property-strings";
import type { Guest } from "../world";
import { isCloudInitKey, splitList } from "./config-keys";
import { agentFormat, megabytes, parseNetwork } from "./device-formats";
import { isCdrom, isCloudInit, isDrive, parseDrive } from "./drive-formats";
import { drivesOf, type Place } from "./drives";
import { destroyVolume, retire } from "./retire";

/** How what waits in [PENDING] reaches the guest (vmconfig_hotplug_pending and vmconfig_apply_pending). */

const skip = Symbol("not while the guest runs");
type Value = string | number;

const harmless = new Set(
  "description hookscript lock migrate_downtime migrate_speed name onboot protection shares startup tags vmstatestorage".split(
    " ",
  ),
);
const isHarmless = (key: string) => harmless.has(key) || isCloudInitKey(key);

export function dropPending(guest: Guest, key: string): void {
  delete guest.pending[key];
  guest.forced = guest.forced?.filter((name) => name !== key);
  if (guest.forced?.length === 0) delete guest.forced;
}

/** What would change nothing does not wait. */
export function tidyPending(guest: Guest): void {
  for (const [key, value] of Object.entries(guest.pending)) {
    const current = guest.config[key];
    if (value === null ? current === undefined : `${current}` === `${value}`)
      dropPending(guest, key);
  }
}

/** All of it, to a guest that does not run. */
export function applyPending(place: Place, guest: Guest): void {
  for (const key of waiting(guest, null)) {
    if (guest.config[key] !== undefined && isDrive(key))
      detach(place, guest, key);
    delete guest.config[key];
    dropPending(guest, key);
  }
  tidyPending(guest);
  for (const key of waiting(guest)) {
    const value = guest.pending[key];
    if (value === null || value === undefined) continue;
    const old = guest.config[key];
    if (old !== undefined && isDrive(key))
      retire(place, guest, parseDrive(key, String(old)) ?? {});
    guest.config[key] = value;
    dropPending(guest, key);
  }
}

function waiting(guest: Guest, kind?: null): string[] {
  return Object.keys(guest.pending)
    .filter((key) => (guest.pending[key] === null) === (kind === null))
    .sort();
}

function detach(place: Place, guest: Guest, key: string): void {
  const drive = parseDrive(key, String(guest.config[key])) ?? {};
  if (guest.forced?.includes(key)) destroyVolume(place, guest, key, drive);
  else retire(place, guest, drive);
}

/** What a running guest takes now of the keys in `selection`; returns what went wrong, by key. */
export function hotplug(
  place: Place,
  guest: Guest,
  selection: Set<string>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  const attempt = (key: string, work: () => Value | undefined): void => {
    try {
      const old = guest.config[key];
      const value = work();
      recordCloudInit(guest, key, old, value);
      if (value === undefined) delete guest.config[key];
      else guest.config[key] = value;
      dropPending(guest, key);
    } catch (error) {
      if (error !== skip)
        errors[key] = `hotplug problem - ${(error as Error).message}\n`;
    }
  };
  for (const key of waiting(guest).filter(isHarmless))
    attempt(key, () => guest.pending[key] ?? undefined);
  for (const key of waiting(guest, null).filter((name) => selection.has(name)))
    attempt(key, () => unplug(place, guest, key));
  const chosen = waiting(guest).filter((name) => selection.has(name));
  const isLast = (key: string) =>
    isDrive(key) &&
    isCloudInit(parseDrive(key, String(guest.pending[key])) ?? {});
  for (const key of [
    ...chosen.filter((name) => !isLast(name)),
    ...chosen.filter(isLast),
  ]) {
    attempt(key, () => plug(place, guest, key, guest.pending[key] ?? ""));
  }
  if (features(guest).has("cloudinit")) regenerate(guest);
  return errors;
}

function features(guest: Guest): Set<string> {
  const value = String(guest.config.hotplug ?? "1");
  if (value === "0") return new Set();
  return new Set(value === "1" ? ["network", "disk", "usb"] : splitList(value));
}

function plugsUsb(guest: Guest): boolean {
  return (
    features(guest).has("usb") &&
    /^(l26|win(8|10|11))$/.test(String(guest.config.ostype ?? ""))
  );
}

function unlessPlugged(is: boolean): void {
  if (!is) throw skip;
}

function unplug(place: Place, guest: Guest, key: string): undefined {
  const on = features(guest);
  if (key === "hotplug")
    unlessPlugged(!/cpu|memory/.test(String(guest.config.hotplug)));
  else if (key === "tablet") unlessPlugged(on.has("usb"));
  else if (/^usb\d/.test(key)) unlessPlugged(plugsUsb(guest));
  else if (key === "vcpus") unlessPlugged(on.has("cpu"));
  else if (key === "balloon") unlessPlugged(guest.config.balloon !== 0);
  else if (/^net\d/.test(key)) unlessPlugged(on.has("network"));
  else if (isDrive(key)) {
    unlessPlugged(on.has("disk") && /^(scsi|virtio)/.test(key));
    detach(place, guest, key);
  } else if (key === "memory") {
    unlessPlugged(on.has("memory"));
    pluggedMemory(guest, "512");
  } else unlessPlugged(isHarmless(key) || /^cpu(units|limit)$/.test(key));
  return undefined;
}

function plug(place: Place, guest: Guest, key: string, value: Value): Value {
  const on = features(guest);
  const { config } = guest;
  if (key === "hotplug") {
    unlessPlugged(!/cpu|memory/.test(`${value} ${config.hotplug ?? ""}`));
  } else if (key === "tablet") unlessPlugged(on.has("usb"));
  else if (/^usb\d/.test(key)) unlessPlugged(plugsUsb(guest));
  else if (key === "vcpus") unlessPlugged(on.has("cpu"));
  else if (key === "balloon")
    unlessPlugged((config.balloon !== 0) === (Number(value) !== 0));
  else if (/^net\d/.test(key)) plugNetwork(guest, key, `${value}`);
  else if (isDrive(key)) plugDrive(place, guest, key, `${value}`);
  else if (key === "memory") {
    unlessPlugged(on.has("memory"));
    return pluggedMemory(guest, `${value}`);
  } else if (key === "agent") {
    unlessPlugged(
      config.agent !== undefined && sameAgent(`${config.agent}`, `${value}`),
    );
  } else unlessPlugged(/^cpu(units|limit)$/.test(key));
  return value;
}

/** Only trimming after a clone can be switched under a running guest. */
function sameAgent(left: string, right: string): boolean {
  const rest = (text: string) => {
    const { fstrim_cloned_disks: _, ...others } = read(agentFormat, text);
    return print(others, "enabled");
  };
  return rest(left) === rest(right);
}

function plugNetwork(guest: Guest, key: string, value: string): void {
  const old = guest.config[key];
  const before = old === undefined ? undefined : parseNetwork(`${old}`);
  const after = parseNetwork(value);
  const isSameCard =
    before !== undefined &&
    ["model", "macaddr", "queues", "mtu"].every(
      (name) => before[name] === after[name],
    ) &&
    before.bridge !== undefined &&
    after.bridge !== undefined;
  unlessPlugged(isSameCard || features(guest).has("network"));
}

const coldDriveKeys =
  "aio discard iothread queues product cache ssd vendor ro".split(" ");

function plugDrive(
  place: Place,
  guest: Guest,
  key: string,
  value: string,
): void {
  unlessPlugged(key !== "efidisk0" && key !== "tpmstate0");
  const hot = features(guest).has("disk");
  const drive = parseDrive(key, value) ?? {};
  const current = guest.config[key];
  if (current === undefined) {
    unlessPlugged(hot && !/^(ide|sata)/.test(key));
    return;
  }
  const old: Properties = parseDrive(key, String(current)) ?? {};
  if (isCdrom(old) !== isCdrom(drive))
    throw new Error("unable to change media type");
  if (isCdrom(old)) {
    if (drive.file === "none" && isCloudInit(old)) retire(place, guest, old);
  } else if (drive.file !== old.file) {
    unlessPlugged(hot);
    retire(place, guest, old);
  } else {
    unlessPlugged(coldDriveKeys.every((name) => drive[name] === old[name]));
  }
}

const staticMegabytes = 1_024;

/** Memory comes in modules: 32 of 512 MiB, then 32 of twice the size, and so on. */
function pluggedMemory(guest: Guest, value: string): string {
  const wanted = megabytes(value);
  const current = megabytes(guest.config.memory);
  if (wanted === current) return value;
  if (wanted < staticMegabytes)
    throw new Error(`memory can't be lower than ${staticMegabytes} MB`);
  let size = staticMegabytes;
  for (let module = 0; size < wanted; module++)
    size += 512 * 2 ** Math.floor(module / 32);
  return String(size);
}

const isShownInDrive = (key: string) =>
  key === "name" || /^net\d+$/.test(key) || isCloudInitKey(key);

/** Keeps what the cloud-init drive of a running guest still says. */
function recordCloudInit(
  guest: Guest,
  key: string,
  old: Value | undefined,
  now: Value | undefined,
): void {
  if (!isShownInDrive(key) || (old === undefined && now === undefined)) return;
  const { added: names = "", ...recorded } = guest.cloudinit ?? {};
  const added = new Set(splitList(String(names)));
  const known = recorded[key];
  if (known !== undefined) {
    if (now === known) delete recorded[key];
  } else if (old !== undefined && !added.has(key)) {
    recorded[key] = old;
  } else if (now === undefined) {
    added.delete(key);
  } else if (old === undefined) {
    added.add(key);
  }
  guest.cloudinit = {
    ...recorded,
    ...(added.size > 0 ? { added: [...added].sort().join(",") } : {}),
  };
  if (Object.keys(guest.cloudinit).length === 0) delete guest.cloudinit;
}

/** Writes the cloud-init drive anew; without one there is nothing to write. */
export function regenerate(guest: Guest): void {
  if (drivesOf(guest.config).some(([, drive]) => isCloudInit(drive)))
    delete guest.cloudinit;
}
