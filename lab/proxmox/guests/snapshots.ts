import { type Call, type Route, requirePrivilege } from "../call";
import { die } from "../failure";
import {
  checkGuest,
  checkLock,
  digestOf,
  saveGuest,
  withoutPassword,
} from "../guest-config";
import { lockTimeout, task } from "../guest-work";
import { boolean, string } from "../parameters";
import { parse } from "../property-strings";
import { runningMachine } from "../status";
import { existingVolume, release, storageOf } from "../volumes";
import type { Config, Guest } from "../world";
import { isCdrom, isUnused } from "./drive-formats";
import { drivesOf, type Place } from "./drives";
import { start } from "./start";
import { saveState, stateStorage } from "./vm-state";

const one = "/nodes/{node}/qemu/{vmid}/snapshot";
const named = `${one}/{snapname}`;
const snapshotName = (value: string) =>
  /^[a-z][a-z0-9_-]+$/i.test(value) && value.length <= 40
    ? undefined
    : `invalid format - invalid configuration ID '${value}'\n`;

function list(call: Call): unknown[] {
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Audit");
  const { config, snapshots = {}, status } = guest;
  return [
    ...Object.entries(snapshots).map(([name, snapshot]) => ({
      name,
      snaptime: Number(snapshot.snaptime ?? 0),
      vmstate: snapshot.vmstate ? 1 : 0,
      description: snapshot.description ?? "",
      ...(snapshot.parent ? { parent: snapshot.parent } : {}),
    })),
    {
      name: "current",
      digest: digestOf(guest),
      running: status === "running" ? 1 : 0,
      description: "You are here!",
      ...(config.parent ? { parent: config.parent } : {}),
    },
  ];
}

function snapshotOf(guest: Guest, name: string): Config {
  const snapshot = guest.snapshots?.[name];
  if (snapshot === undefined) throw die(`snapshot '${name}' does not exist`);
  return snapshot;
}

async function create(call: Call): Promise<string> {
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Snapshot");
  const { snapname = "", description, vmstate } = call.params;
  if (/^(current|pending)$/i.test(snapname))
    throw die(`unable to use snapshot name '${snapname}' (reserved name)`);
  await lockTimeout(call, guest.vmid);
  return task(call, "qmsnapshot", guest.vmid, "snapshotMade", {
    name: snapname,
    description,
    vmstate: vmstate === "1",
  });
}

/** Where the storage can do that: a raw file has no snapshots. */
export function finishSnapshot(
  place: Place,
  guest: Guest,
  {
    name,
    description,
    vmstate,
  }: { name: string; description?: string; vmstate?: boolean },
): void {
  const { world, node } = place;
  if (guest.config.template === 1)
    throw die("you can't take a snapshot if it's a template");
  if (vmstate) checkState(guest);
  checkLock(guest);
  if (guest.snapshots?.[name] !== undefined)
    throw die(`snapshot name '${name}' already used`);
  for (const [, drive] of drivesOf(guest.config)) {
    if (isCdrom(drive) || !drive.file?.includes(":")) continue;
    const volume = existingVolume(node, drive.file);
    const { type } = storageOf(node, volume.storage);
    if (/^(dir|nfs)$/.test(type) && volume.format !== "qcow2")
      throw die("snapshot feature is not available");
  }
  const kept = Object.entries(guest.config).filter(([key]) => !isUnused(key));
  const snapshot: Config = {
    ...Object.fromEntries(kept),
    snaptime: Math.floor(Date.now() / 1000),
  };
  delete snapshot.description;
  if (description !== undefined) snapshot.description = description;
  if (vmstate && guest.status === "running") {
    const storage = stateStorage(node, guest);
    snapshot.vmstate = saveState(place, guest, name, storage);
    snapshot.runningmachine = runningMachine;
    const { cputype = "kvm64" } = parse(String(guest.config.cpu), "cputype");
    snapshot.runningcpu = `${cputype},enforce,+kvm_pv_eoi,+kvm_pv_unhalt`;
  }
  guest.snapshots = { ...guest.snapshots, [name]: snapshot };
  guest.config.parent = name;
  saveGuest(world, guest);
}

/** Its memory is encrypted, or in part the host's. */
function checkState({ config }: Guest): void {
  const blockers = [
    ...(config["amd-sev"] ? ["amd-sev"] : []),
    ...(Object.keys(config).some((key) => /^virtiofs\d+$/.test(key))
      ? ["virtiofs"]
      : []),
  ];
  if (blockers.length === 0) return;
  throw die(
    `Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: ${blockers.join(", ")}`,
  );
}

export function finishRollback(
  place: Place,
  guest: Guest,
  { name }: { name: string },
): void {
  checkLock(guest);
  const {
    snaptime: _time,
    description: _text,
    parent: _,
    vmstate,
    runningmachine: _machine,
    runningcpu: _cpu,
    ...config
  } = snapshotOf(guest, name);
  const { description } = guest.config;
  guest.config = {
    ...config,
    ...(description === undefined ? {} : { description }),
    parent: name,
  };
  guest.pending = {};
  delete guest.forced;
  guest.status = "stopped";
  saveGuest(place.world, guest);
  if (vmstate === undefined) return;
  existingVolume(place.node, String(vmstate));
  start(place, guest);
}

export function finishRemoval(
  { world, node }: Place,
  guest: Guest,
  { name }: { name: string },
): void {
  checkLock(guest);
  const { parent, vmstate } = snapshotOf(guest, name);
  if (vmstate !== undefined) release(world, node, String(vmstate));
  const { [name]: _removed, ...rest } = guest.snapshots ?? {};
  for (const config of [guest.config, ...Object.values(rest)]) {
    if (config.parent !== name) continue;
    if (parent === undefined) delete config.parent;
    else config.parent = parent;
  }
  guest.snapshots = rest;
  saveGuest(world, guest);
}

function byTask(
  method: string,
  path: string,
  optional: Record<string, typeof boolean>,
  type: string,
  effect: string,
): Route {
  return {
    method,
    path,
    schema: { optional },
    handle: async (call) => {
      const guest = checkGuest(call);
      const [, name = ""] = call.places;
      const privileges = ["VM.Snapshot"];
      if (type === "qmrollback") privileges.push("VM.Snapshot.Rollback");
      requirePrivilege(call, `/vms/${guest.vmid}`, ...privileges);
      const start = call.params.start === "1";
      if (start) requirePrivilege(call, `/vms/${guest.vmid}`, "VM.PowerMgmt");
      await lockTimeout(call, guest.vmid);
      return task(call, type, guest.vmid, effect, { name, start });
    },
  };
}

export const snapshotRoutes: Route[] = [
  { method: "GET", path: one, handle: list },
  {
    method: "POST",
    path: one,
    schema: {
      required: { snapname: snapshotName },
      optional: { description: string, vmstate: boolean },
    },
    handle: create,
  },
  {
    method: "GET",
    path: `${named}/config`,
    handle: (call) => {
      const guest = checkGuest(call);
      requirePrivilege(
        call,
        `/vms/${guest.vmid}`,
        "VM.Snapshot",
        "VM.Snapshot.Rollback",
        "VM.Audit",
      );
      return withoutPassword(snapshotOf(guest, call.places[1] ?? ""));
    },
  },
  byTask(
    "DELETE",
    named,
    { force: boolean },
    "qmdelsnapshot",
    "snapshotRemoved",
  ),
  byTask(
    "POST",
    `${named}/rollback`,
    { start: boolean },
    "qmrollback",
    "rolledBack",
  ),
];
