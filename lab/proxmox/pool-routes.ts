import { type Call, may, type Route, requirePrivilege } from "./call";
import { die, Failure } from "./failure";
import { boolean, type Check, oneOf, string } from "./parameters";
import { leavePool, poolOfGuest } from "./pools";
import { guestResource, nodeStates } from "./status";
import { storageOn, usedBytes } from "./volumes";
import type { Pool } from "./world";

/** Up to three levels, "site/router". */
const poolId: Check = (value) =>
  /^[\w.-]+(\/[\w.-]+){0,2}$/.test(value)
    ? undefined
    : `invalid format - pool name '${value}' contains invalid characters`;
const storageId = /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i;
const vmids: Check = (value) =>
  items(value).every((item) => /^[1-9]\d{2,8}$/.test(item))
    ? undefined
    : "invalid format - value does not look like a valid VM ID";
const storages: Check = (value) =>
  items(value).every((item) => storageId.test(item))
    ? undefined
    : `invalid format - storage ID '${value}' contains illegal characters`;
const kind = oneOf("qemu", "lxc", "storage");

function items(text: string): string[] {
  return text.split(/[,; ]+/).filter(Boolean);
}

function named(call: Call): string {
  return call.places[0] ?? call.params.poolid ?? "";
}

function allocate(call: Call): void {
  requirePrivilege(call, `/pool/${named(call)}`, "Pool.Allocate");
}

function poolOf(call: Call, act: string): Pool {
  const id = named(call);
  const pool = call.world.pools.get(`${call.cluster}/${id}`);
  if (pool === undefined) throw die(`${act}pool '${id}' does not exist`);
  return pool;
}

function poolsOf({ world, cluster }: Call): Pool[] {
  return [...world.pools.values()]
    .filter((pool) => pool.cluster === cluster)
    .sort((left, right) => (left.poolid < right.poolid ? -1 : 1));
}

function members(call: Call, { vms, storage, poolid }: Pool): unknown[] {
  const { type } = call.params;
  const states = nodeStates(call);
  const guests =
    type === undefined || type === "qemu"
      ? vms.flatMap((vmid) => {
          const guest = call.world.guest(call.cluster, vmid);
          const online = states.some(
            (node) => node.name === guest?.node && node.online,
          );
          return guest ? [guestResource(call, guest, poolid, online)] : [];
        })
      : [];
  const disks =
    type === undefined || type === "storage"
      ? storage.flatMap((id) => {
          const node =
            [call.contacted, ...states].find((item) => storageOn(item, id)) ??
            call.contacted;
          const spec = storageOn(node, id);
          return spec
            ? [
                {
                  id: `storage/${node.name}/${id}`,
                  type: "storage",
                  storage: id,
                  node: node.name,
                  status: "available",
                  maxdisk: spec.totalBytes,
                  disk: usedBytes(node, id),
                  plugintype: spec.type,
                  content: spec.content.join(","),
                },
              ]
            : [];
        })
      : [];
  return [...guests, ...disks];
}

function read(call: Call, pool: Pool) {
  requirePrivilege(call, `/pool/${pool.poolid}`, "Pool.Audit");
  return {
    ...(pool.comment === undefined ? {} : { comment: pool.comment }),
    members: members(call, pool),
  };
}

function index(call: Call): unknown[] {
  const { poolid, type } = call.params;
  if (type !== undefined && poolid === undefined)
    throw new Failure(400, "Parameter verification failed.", {
      poolid: "missing property - 'type' requires this property",
    });
  if (poolid !== undefined) {
    const pool = poolOf(call, "");
    return [{ poolid, ...read(call, pool) }];
  }
  return poolsOf(call)
    .filter((pool) => may(call, `/pool/${pool.poolid}`, "Pool.Audit"))
    .map(({ poolid, comment }) => ({
      poolid,
      ...(comment === undefined ? {} : { comment }),
    }));
}

function create(call: Call): void {
  const { poolid = "", comment } = call.params;
  const fail = (why: string) => die(`create pool failed: ${why}`);
  if (call.world.pools.has(`${call.cluster}/${poolid}`))
    throw fail(`pool '${poolid}' already exists`);
  const parent = poolid.split("/").slice(0, -1).join("/");
  if (parent && !call.world.pools.has(`${call.cluster}/${parent}`))
    throw fail(`parent '${parent}' of pool '${poolid}' does not exist`);
  const { cluster } = call;
  call.world.save("pools", {
    cluster,
    poolid,
    vms: [],
    storage: [],
    ...(comment ? { comment } : {}),
  });
}

function mayModify(call: Call, path: string, privilege: string): void {
  requirePrivilege(call, path, "Permissions.Modify", privilege);
}

function update(call: Call): void {
  const act = "update pools failed: ";
  // What fails in the middle leaves all as it was.
  const pool = structuredClone(poolOf(call, act));
  const { comment, vms, storage, delete: unset } = call.params;
  const removes = unset === "1";
  const moved: number[] = [];
  if (comment !== undefined) pool.comment = comment;
  for (const text of items(vms ?? "")) {
    const vmid = Number(text);
    mayModify(call, `/vms/${vmid}`, "VM.Allocate");
    const isMember = pool.vms.includes(vmid);
    if (removes) {
      if (!isMember) throw die(`${act}VM ${vmid} is not a pool member`);
      pool.vms = pool.vms.filter((id) => id !== vmid);
      continue;
    }
    if (isMember) throw die(`${act}VM ${vmid} is already a pool member`);
    const other = poolOfGuest(call.world, call.cluster, vmid);
    if (other && call.params["allow-move"] !== "1")
      throw die(
        `${act}VM ${vmid} belongs already to pool '${other.poolid}' and 'allow-move' is not set`,
      );
    if (other) moved.push(vmid);
    pool.vms.push(vmid);
  }
  for (const id of items(storage ?? "")) {
    mayModify(call, `/storage/${id}`, "Datastore.Allocate");
    const isMember = pool.storage.includes(id);
    if (removes && !isMember)
      throw die(`${act}Storage '${id}' is not a pool member`);
    if (!removes && isMember)
      throw die(`${act}Storage '${id}' is already a pool member`);
    pool.storage = removes
      ? pool.storage.filter((item) => item !== id)
      : [...pool.storage, id];
  }
  for (const vmid of moved) leavePool(call.world, call.cluster, vmid);
  call.world.save("pools", pool);
}

function remove(call: Call): void {
  const act = "delete pool failed: ";
  const pool = poolOf(call, act);
  const { poolid, vms, storage } = pool;
  const refuse = (what: string) => {
    throw die(`${act}pool '${poolid}' is not empty (contains ${what})`);
  };
  const child = poolsOf(call).find((item) =>
    item.poolid.startsWith(`${poolid}/`),
  );
  if (child) refuse(`pool '${child.poolid}'`);
  const guest = vms.find((vmid) => call.world.guest(call.cluster, vmid));
  if (guest) refuse(`VM ${guest}`);
  const known = storage.find((id) =>
    nodeStates(call).some((node) =>
      node.storages.some((item) => item.id === id),
    ),
  );
  if (known) refuse(`storage '${known}'`);
  call.world.remove("pools", pool);
}

const changes = {
  comment: string,
  vms: vmids,
  storage: storages,
  delete: boolean,
  "allow-move": boolean,
};

export const poolRoutes: Route[] = [
  {
    method: "GET",
    path: "/pools",
    schema: { optional: { poolid: poolId, type: kind } },
    handle: index,
  },
  {
    method: "POST",
    path: "/pools",
    allow: allocate,
    schema: { required: { poolid: poolId }, optional: { comment: string } },
    handle: create,
  },
  {
    method: "PUT",
    path: "/pools",
    allow: allocate,
    schema: { required: { poolid: poolId }, optional: changes },
    handle: update,
  },
  {
    method: "DELETE",
    path: "/pools",
    allow: allocate,
    schema: { required: { poolid: poolId } },
    handle: remove,
  },
  // Of pools without a parent, as before there were any.
  {
    method: "GET",
    path: "/pools/{poolid}",
    allow: (call) =>
      requirePrivilege(call, `/pool/${named(call)}`, "Pool.Audit"),
    schema: { optional: { type: kind } },
    handle: (call) => read(call, poolOf(call, "")),
  },
  {
    method: "PUT",
    path: "/pools/{poolid}",
    allow: allocate,
    schema: { optional: changes },
    handle: update,
  },
  {
    method: "DELETE",
    path: "/pools/{poolid}",
    allow: allocate,
    handle: remove,
  },
];
