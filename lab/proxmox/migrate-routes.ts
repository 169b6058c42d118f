import {
  type Call,
  type Route,
  requirePrivilege,
  requireRootFor,
} from "./call";
import { die, invalid } from "./failure";
import { checkGuest, checkLock } from "./guest-config";
import { copyMs } from "./guest-work";
import { managedService } from "./ha";
import { isSharedOn, resourcesOf, volumesOf } from "./migrate";
import {
  boolean,
  type Check,
  integer,
  matching,
  oneOf,
  string,
} from "./parameters";
import { memoryBytes, nodesOf } from "./status";
import { storageOn } from "./volumes";
import type { Guest, Node } from "./world";

const path = "/nodes/{node}/qemu/{vmid}/migrate";

const allow = (call: Call) =>
  requirePrivilege(call, `/vms/${call.places[0]}`, "VM.Migrate");

const storagePair = /^([a-z][\w.-]*[a-z0-9])(:([a-z][\w.-]*[a-z0-9]))?$/i;

/** "1": as it is; "slow": all there; "fast:slow,old:new": each there. */
const storageMap: Check = (value) =>
  value === "1" || value.split(",").every((item) => storagePair.test(item))
    ? undefined
    : `invalid format - storage ID '${value}' contains illegal characters`;

function preconditions(call: Call) {
  const guest = checkGuest(call);
  checkLock(guest);
  const { node: source } = call;
  const { local, mapped, missing } = resourcesOf(call.world, guest);
  const volumes = volumesOf(source, guest);
  const others = nodesOf(call).filter(({ name }) => name !== source.name);
  const obstacles = others.map((target) => {
    const storages = new Set(
      volumes
        .map(({ storage }) => storage)
        .filter((id) => !storageOn(target, id)),
    );
    const absent = missing(target.name);
    return {
      name: target.name,
      why: {
        ...(storages.size > 0
          ? { unavailable_storages: [...storages].sort() }
          : {}),
        ...(absent.length > 0 ? { "unavailable-resources": absent } : {}),
      },
    };
  });
  const isFree = (why: object) => Object.keys(why).length === 0;
  return {
    running: guest.status === "running" ? 1 : 0,
    allowed_nodes: obstacles
      .filter(({ why }) => isFree(why))
      .map(({ name }) => name),
    not_allowed_nodes: Object.fromEntries(
      obstacles
        .filter(({ why }) => !isFree(why))
        .map(({ name, why }) => [name, why]),
    ),
    local_disks: volumes
      .filter(({ storage }) => !isSharedOn(source, storage))
      .map(({ key, volid, volume, isCdrom, isUnused }) => ({
        volid,
        size: volume?.bytes ?? 0,
        drivename: key,
        cdrom: isCdrom || /cloudinit/.test(volid) ? 1 : 0,
        is_unused: isUnused ? 1 : 0,
        is_attached: isUnused ? 0 : 1,
        replicatable: source.storages.some(
          ({ id, type }) => volid.startsWith(`${id}:`) && type === "zfspool",
        )
          ? 1
          : 0,
      })),
    local_resources: local,
    "mapped-resources": Object.keys(mapped).sort(),
    "mapped-resource-info": mapped,
    "has-dbus-vmstate": 1,
  };
}

/** As pve-guest-common reads a map of storages; "*" for all others. */
function parseStorageMap(call: Call, target: Node): Record<string, string> {
  const text = call.params.targetstorage;
  if (text === undefined || text === "1") return {};
  requirePrivilege(call, `/vms/${call.places[0]}`, "VM.Config.Disk");
  const result: Record<string, string> = {};
  for (const item of text.split(",")) {
    const [from = "", to] = item.split(":");
    const [key, id] = to === undefined ? ["*", from] : [from, to];
    if (result[key] !== undefined)
      throw invalid(
        "targetstorage",
        "failed to parse storage map: entry given more than once",
      );
    result[key] = id;
    checkTarget(call, target, id);
  }
  return result;
}

function checkTarget(call: Call, target: Node, id: string): void {
  requirePrivilege(call, `/storage/${id}`, "Datastore.AllocateSpace");
  const storage = storageOn(target, id);
  if (storage === undefined)
    throw die(`storage '${id}' is not available on node '${target.name}'`);
  if (!storage.content.includes("images"))
    throw invalid(
      "targetstorage",
      `storage '${id}' does not support vm images`,
    );
}

function checkAvailable(source: Node, target: Node, guest: Guest): void {
  for (const { storage } of volumesOf(source, guest)) {
    if (!storageOn(target, storage))
      throw die(
        `storage '${storage}' is not available on node '${target.name}'`,
      );
  }
}

/** What has to go over the network: disks that are not shared, and a running guest's memory. */
function sentBytes(node: Node, guest: Guest): number {
  const disks = volumesOf(node, guest)
    .filter(({ storage, isCdrom }) => !isCdrom && !isSharedOn(node, storage))
    .reduce((sum, { volume }) => sum + (volume?.bytes ?? 0), 0);
  return disks + (guest.status === "running" ? memoryBytes(guest) : 0);
}

function migrate(call: Call): string {
  const { params, node, world, cluster } = call;
  if (params.target === node.name)
    throw invalid("target", "target is local node.");
  const target = world.nodes.get(params.target ?? "");
  if (target === undefined || target.cluster !== cluster)
    throw die(`no such cluster node '${params.target}'`);
  requireRootFor(call, "force", "migration_type", "migration_network");
  const guest = checkGuest(call);
  checkLock(guest);
  const isRunning = guest.status === "running";
  if (isRunning && params.online !== "1")
    throw die("can't migrate running VM without --online");
  const storages = parseStorageMap(call, target);
  if (Object.keys(storages).length === 0) checkAvailable(node, target, guest);
  const common = {
    node: node.name,
    cluster,
    id: guest.vmid,
    user: call.user,
  };
  const args = { cluster, vmid: guest.vmid, target: target.name };
  if (managedService(world, cluster, guest.vmid))
    return call.tasks.start({
      ...common,
      type: "hamigrate",
      durationMs: 0,
      effect: "ha-move",
      args,
    });
  return call.tasks.start({
    ...common,
    type: "qmigrate",
    locks: guest.vmid,
    waits: true,
    check: "migration-begun",
    effect: "migrated",
    failure: "migration-ended",
    leastMs: copyMs(sentBytes(node, guest), params.bwlimit),
    args: {
      ...args,
      online: isRunning,
      withLocalDisks: params["with-local-disks"] === "1",
      force: params.force === "1",
      storages,
    },
  });
}

export const migrateRoutes: Route[] = [
  {
    method: "GET",
    path,
    allow,
    schema: { optional: { target: string } },
    handle: preconditions,
  },
  {
    method: "POST",
    path,
    allow,
    schema: {
      required: { target: string },
      optional: {
        online: boolean,
        force: boolean,
        migration_type: oneOf("secure", "insecure"),
        migration_network: matching(/^[\d.:a-f]+\/\d{1,3}$/i, "CIDR"),
        "with-local-disks": boolean,
        "with-conntrack-state": boolean,
        targetstorage: storageMap,
        bwlimit: integer(0),
      },
    },
    handle: migrate,
  },
];
