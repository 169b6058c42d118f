import { randomUUID } from "node:crypto";
import { type Call, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import {
  checkGuest,
  checkLock,
  checkRootOnly,
  diskKey,
  update,
} from "./guest-config";
import { lockTimeout, requireConfigPrivileges, task } from "./guest-work";
import { requireAllocate } from "./pools";
import { parse } from "./property-strings";
import { findVolume } from "./volumes";
import type { Guest } from "./world";

function ensureFree(call: Call, id: number): void {
  if (!call.world.guest(call.cluster, id)) return;
  throw die(`unable to create VM ${id}: config file already exists`);
}

export async function create(call: Call): Promise<string> {
  const { vmid: id, start, pool, ...config } = call.params;
  const number = Number(id);
  requireAllocate(call, number);
  requireConfigPrivileges(call, Object.keys(config));
  checkRootOnly(call);
  await lockTimeout(call, number);
  ensureFree(call, number);
  for (const [key, value] of Object.entries(config)) {
    const source = diskKey.test(key)
      ? parse(value, "file")["import-from"]
      : undefined;
    if (source && !findVolume(call.node, source))
      throw invalid(key, `volume '${source}' does not exist`);
  }
  const guest: Guest = {
    cluster: call.cluster,
    node: call.node.name,
    vmid: number,
    config: { lock: "create" },
    pending: {},
    status: "stopped",
    startedAt: 0,
  };
  const draft = structuredClone(guest);
  call.world.save("guests", guest);
  try {
    update(
      call,
      draft,
      { ...config, smbios1: `uuid=${randomUUID()}`, vmgenid: randomUUID() },
      [],
      false,
    );
  } catch (error) {
    // A worker finds that out: the request itself is accepted.
    call.world.save("guests", guest);
    return task(
      call,
      "qmcreate",
      number,
      "fail",
      {
        message: `unable to create VM ${number} - ${(error as Error).message}`,
      },
      "drop",
    );
  }
  call.world.save("guests", guest);
  return task(
    call,
    "qmcreate",
    number,
    "complete",
    { config: draft.config, start: start === "1", pool },
    "drop",
  );
}

export async function clone(call: Call): Promise<string> {
  const source = checkGuest(call);
  const { newid, name, description, full, storage, snapname, target } =
    call.params;
  const id = Number(newid);
  requirePrivilege(call, `/vms/${source.vmid}`, "VM.Clone");
  requireAllocate(call, id);
  const isTemplate = source.config.template === 1;
  const isFull = full === undefined ? !isTemplate : full === "1";
  if (storage && !isFull)
    throw invalid(
      "storage",
      "parameter 'storage' not allowed for linked clones",
    );
  if (!isFull && !isTemplate)
    throw invalid(
      "full",
      "Linked clone feature is only supported for templates",
    );
  if (storage)
    requirePrivilege(call, `/storage/${storage}`, "Datastore.AllocateSpace");
  if (storage && !call.node.storages.some((item) => item.id === storage))
    throw die(`storage '${storage}' does not exist`);
  if (snapname)
    throw invalid("snapname", `snapshot '${snapname}' does not exist`);
  if (target && target !== call.node.name)
    throw invalid("target", "can't clone to non-shared storage");
  await lockTimeout(call, id);
  checkLock(source);
  ensureFree(call, id);
  // The target has neither name nor description before its first disk is copied.
  call.world.save("guests", {
    cluster: call.cluster,
    node: call.node.name,
    vmid: id,
    config: { lock: "clone" },
    pending: {},
    status: "stopped",
    startedAt: 0,
  });
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type: "qmclone",
    // The source's id, as qemu-server writes it.
    id: source.vmid,
    user: call.user,
    locks: id,
    effect: "cloned",
    args: {
      cluster: call.cluster,
      node: call.node.name,
      vmid: id,
      source: source.vmid,
      name,
      description,
      full: isFull,
      storage,
      pool: call.params.pool,
    },
    failure: "drop",
  });
}
