import { die, Failure } from "../failure";
import { checkProtection, saveGuest } from "../guest-config";
import { read } from "../property-strings";
import type { Guest } from "../world";
import { type Change, checkState } from "./change";
import { bootOrder, splitList, stored } from "./config-keys";
import { machineFormat } from "./device-formats";
import {
  isCdrom,
  isCloudInit,
  isDrive,
  isUnused,
  parseDrive,
} from "./drive-formats";
import { createDrive, type Place } from "./drives";
import { cryptPassword } from "./identity";
import { applyPending, dropPending, hotplug, tidyPending } from "./pending";
import { destroyVolume, retire } from "./retire";

/** Writes the change to [PENDING], then brings it to the guest as far as that goes now. */
export function update(place: Place, guest: Guest, change: Change): void {
  checkState(guest, change);
  const set = { ...change.set };
  const unset = [...change.unset];
  for (const key of change.revert) {
    const current = guest.config[key];
    if (current !== undefined) set[key] = String(current);
    else if (guest.pending[key] !== undefined) unset.push(key);
  }
  const modified = new Set<string>();
  const boot = bootOrder(guest.config.boot);
  try {
    for (const key of unset)
      remove(place, guest, key, { ...change, boot, modified });
    for (const key of Object.keys(set).sort())
      assign(place, guest, key, set[key] ?? "", { set, unset, boot, modified });
    tidyPending(guest);
    const errors = bring(place, guest, modified);
    if (Object.keys(errors).length > 0)
      throw new Failure(400, "Parameter verification failed.", errors);
  } finally {
    saveGuest(place.world, guest);
  }
}

function bring(
  place: Place,
  guest: Guest,
  modified: Set<string>,
): Record<string, string> {
  if (guest.status === "running") return hotplug(place, guest, modified);
  applyPending(place, guest);
  return {};
}

function remove(
  place: Place,
  guest: Guest,
  key: string,
  work: { force: boolean; boot: string[]; modified: Set<string> },
): void {
  const waiting = guest.pending[key] ?? undefined;
  const value = guest.config[key] ?? waiting;
  if (value === undefined) return;
  work.modified.add(key);
  dropPending(guest, key);
  if (work.boot.includes(key)) {
    work.boot.splice(work.boot.indexOf(key), 1);
    guest.pending.boot =
      work.boot.length > 0 ? `order=${work.boot.join(";")}` : null;
    work.modified.add("boot");
  }
  if (isUnused(key)) {
    checkProtection(guest, `can't remove unused disk '${value}'`);
    destroyVolume(place, guest, key, { file: String(value) });
    delete guest.config[key];
    return;
  }
  if (key === "tags") {
    delete guest.config.tags;
    return;
  }
  if (isDrive(key)) {
    checkProtection(guest, `can't remove drive '${key}'`);
    if (waiting !== undefined)
      retire(place, guest, parseDrive(key, String(waiting)) ?? {});
  }
  guest.pending[key] = null;
  if (work.force) guest.forced = [...(guest.forced ?? []), key];
}

function assign(
  place: Place,
  guest: Guest,
  key: string,
  text: string,
  work: {
    set: Record<string, string>;
    unset: string[];
    boot: string[];
    modified: Set<string>;
  },
): void {
  work.modified.add(key);
  const { pending, config } = guest;
  if (pending[key] !== null && pending[key] === stored(key, text)) return;
  if (isDrive(key)) {
    const waiting = pending[key];
    if (key === "tpmstate0") refuseOtherVersion(config[key], text);
    const value = createDrive(place, guest, key, text);
    if (typeof waiting === "string")
      retire(place, guest, parseDrive(key, waiting) ?? {});
    pending[key] = value;
    const drive = parseDrive(key, text) ?? {};
    const isNewMedium = isCdrom(drive) && !isCloudInit(drive);
    if (work.boot.length > 0 && isNewMedium && !work.boot.includes(key)) {
      work.boot.push(key);
      pending.boot = `order=${work.boot.join(";")}`;
      work.modified.add("boot");
    }
  } else if (key === "cipassword") {
    config.cipassword = cryptPassword(
      place.world,
      text,
      guest.cluster,
      guest.vmid,
    );
    delete pending.cipassword;
  } else {
    if (key === "boot") checkBoot(guest, text, work);
    if (key === "machine") checkMachine(text);
    pending[key] = normalized(key, text);
  }
  guest.forced = guest.forced?.filter((name) => name !== key);
}

function refuseOtherVersion(old: string | number | undefined, text: string) {
  if (old === undefined) return;
  const [before, after] = [String(old), text].map(
    (value) => parseDrive("tpmstate0", value) ?? {},
  );
  const isChanged =
    before?.file === after?.file &&
    (before?.version ?? "v1.2") !== (after?.version ?? "v1.2");
  if (isChanged) throw die("cannot change TPM state version after creation");
}

function checkBoot(
  { config, pending }: Guest,
  text: string,
  { set, unset }: { set: Record<string, string>; unset: string[] },
): void {
  for (const name of bootOrder(text)) {
    const exists = config[name] ?? pending[name] ?? set[name];
    if (exists === undefined || exists === null || unset.includes(name))
      throw die(`invalid bootorder: device '${name}' does not exist'`);
  }
}

export function checkMachine(text: string): void {
  const { type = "", viommu, "aw-bits": bits } = read(machineFormat, text);
  if (viommu === "intel" && !/q35/.test(type))
    throw die("to use Intel vIOMMU please set the machine type to q35");
  if (viommu === "intel" && bits && !/^(39|48)$/.test(bits))
    throw die("Intel vIOMMU supports only 39 or 48 bits as address width");
  if (bits && !viommu)
    throw die("cannot set aw-bits if no vIOMMU is configured");
}

/** A value as the configuration keeps it. */
export function normalized(key: string, text: string): string | number {
  if (key === "tags") return uniqueTags(text);
  if (key === "description") return text.trimEnd();
  if (key === "boot" && bootOrder(text).length > 0)
    return `order=${bootOrder(text).join(";")}`;
  return stored(key, text);
}

function uniqueTags(text: string): string {
  const tags = splitList(text).map((tag) => tag.toLowerCase());
  return [...new Set(tags)].sort().join(";");
}
