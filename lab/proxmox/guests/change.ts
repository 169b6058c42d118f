import { type Call, requirePrivilege } from "../call";
import { die, invalid } from "../failure";
import { checkDigest, checkLock } from "../guest-config";
import type { Guest } from "../world";
import { isOption, splitList } from "./config-keys";
import { megabytes, parseNetwork, printNetwork } from "./device-formats";
import { isDrive, isUnused, parseDrive } from "./drive-formats";
import { checkDrives } from "./drives";
import { newMac, newUuid } from "./identity";
import {
  checkBridges,
  checkDestroy,
  checkDevice,
  checkDrive,
  checkHookScript,
  checkKeys,
  checkSerial,
  checkSkipLock,
  checkStorages,
} from "./permissions";

/** A change of a guest's configuration, as PUT and POST take it. */
export interface Change {
  set: Record<string, string>;
  unset: string[];
  revert: string[];
  force: boolean;
  digest?: string;
  skipLock: boolean;
}

/** The parameters as a change, or the refusal that PVE finds in them alone. */
export function changeOf(call: Call): Change {
  const {
    delete: unset = "",
    revert = "",
    digest,
    force,
    skiplock,
    background_delay: _delay,
    "import-working-storage": _working,
    ...set
  } = call.params;
  checkSkipLock(call);
  if (!unset && !revert && Object.keys(set).length === 0)
    throw die("no options specified");
  resolveCdrom(set);
  const change: Change = {
    set,
    unset: splitList(unset).map((key) => (key === "cdrom" ? "ide2" : key)),
    revert: splitList(revert),
    force: force === "1",
    digest,
    skipLock: skiplock === "1",
  };
  for (const key of change.revert) {
    if (!isOption(key)) throw invalid("revert", `unknown option '${key}'`);
    refuseBoth("delete", set[key] !== undefined, `-${key}`, `-revert ${key}`);
  }
  for (const key of change.unset) {
    refuseBoth("delete", set[key] !== undefined, `-${key}`, `-delete ${key}`);
    const isBoth = change.revert.includes(key);
    refuseBoth("revert", isBoth, `-delete ${key}`, `-revert ${key}`);
    if (!isOption(key)) throw invalid("delete", `unknown option '${key}'`);
  }
  checkKeysShape(set);
  checkDrives(call.node, set);
  return change;
}

function refuseBoth(name: string, both: boolean, one: string, two: string) {
  if (both)
    throw invalid(name, `you can't use '${one}' and ${two}' at the same time`);
}

/** "cdrom" is another name of ide2. */
export function resolveCdrom(set: Record<string, string>): void {
  if (set.cdrom === undefined) return;
  set.ide2 = /media=/.test(set.cdrom) ? set.cdrom : `${set.cdrom},media=cdrom`;
  delete set.cdrom;
}

/** Public keys have to look like some. */
export function checkKeysShape({ sshkeys }: Record<string, string>): void {
  if (sshkeys === undefined) return;
  const lines = decodeURIComponent(sshkeys).split("\n");
  const isKey = (line: string) =>
    /^\s*(#.*)?$/.test(line) ||
    /(^|\s)(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-\S+)\s+[A-Za-z0-9+/=]{2,}/.test(
      line,
    );
  if (!lines.every(isKey)) throw die("SSH public key validation error");
}

/** Everything that can be refused before the work begins. */
export function checkChange(call: Call, guest: Guest, change: Change): void {
  const { vmid, config, pending } = guest;
  const { set, unset, force } = change;
  giveIdentities(call, vmid, set);
  if (set.hookscript) checkHookScript(call, set.hookscript);
  checkKeys(call, vmid, unset);
  checkKeys(call, vmid, Object.keys(set));
  checkStorages(call, vmid, set);
  checkBridges(call, set);
  for (const key of unset) {
    const value = config[key] ?? pending[key];
    if (value === undefined || value === null) continue;
    const text = String(value);
    if (isUnused(key) || (isDrive(key) && force))
      checkDestroy(call, guest, key);
    if (isDrive(key)) checkDrive(call, vmid, parseDrive(key, text) ?? {});
    else if (key.startsWith("serial"))
      checkSerial(call, vmid, key, "delete", text);
    else if (key.startsWith("net")) checkBridges(call, { [key]: text });
    else checkDevice(call, vmid, key, text);
  }
  for (const [key, value] of Object.entries(set)) {
    const old = config[key] === undefined ? undefined : String(config[key]);
    if (key.startsWith("serial")) {
      checkSerial(call, vmid, key, "modify", old, value);
      continue;
    }
    for (const text of [old, value]) {
      if (text === undefined) continue;
      if (isDrive(key)) checkDrive(call, vmid, parseDrive(key, text) ?? {});
      else if (key.startsWith("net")) checkBridges(call, { [key]: text });
      else checkDevice(call, vmid, key, text);
    }
  }
  if (set.tags !== undefined || unset.includes("tags"))
    requirePrivilege(call, `/vms/${vmid}`, "VM.Config.Options");
  checkState(guest, change);
}

/** A NIC without a MAC address gets a new one, whatever it had. */
export function giveIdentities(
  { world, cluster }: Pick<Call, "world" | "cluster">,
  vmid: number,
  set: Record<string, string>,
): void {
  for (const [key, value] of Object.entries(set)) {
    if (!/^net\d+$/.test(key)) continue;
    const nic = parseNetwork(value);
    nic.macaddr ??= newMac(world, cluster, vmid, key);
    set[key] = printNetwork(nic);
  }
  if (set.vmgenid === "1")
    set.vmgenid = newUuid(world, cluster, vmid, "vmgenid");
  if (set.cpuunits !== undefined)
    set.cpuunits = String(Math.min(10_000, Number(set.cpuunits)));
}

/** What the guest itself has against it, before the work and again in it. */
export function checkState(
  guest: Guest,
  { set, digest, skipLock }: Change,
): void {
  checkDigest(guest, digest);
  if (!skipLock) checkLock(guest);
  if (set.memory === undefined && set.balloon === undefined) return;
  const { config, pending } = guest;
  const memory = set.memory ?? pending.memory ?? config.memory;
  const balloon = Number(set.balloon ?? pending.balloon ?? config.balloon ?? 0);
  if (balloon > megabytes(memory ?? undefined)) {
    throw die("balloon value too large (must be smaller than assigned memory)");
  }
}
