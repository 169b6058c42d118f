import { type Call, may, type Route, requirePrivilege } from "./call";
import { Failure } from "./failure";
import { integer, oneOf } from "./parameters";
import { guestResource, memoryBytes, nodeStates, poolsByGuest } from "./status";
import { isShared, usedBytes } from "./volumes";
import type { Node } from "./world";

const version = { version: "9.1.5", release: "9.1", repoid: "a5f3c1e8" };
const startedAt = Date.now();

function resources(call: Call): unknown[] {
  const { type } = call.params;
  const states = nodeStates(call);
  const online = new Set(
    states.filter((node) => node.online).map(({ name }) => name),
  );
  const wants = (name: string) => type === undefined || type === name;
  const pools = poolsByGuest(call);
  const seesAll = may(call, "/vms", "VM.Audit");
  const guests = wants("vm")
    ? [...call.world.guests.values()]
        .filter(
          ({ cluster, vmid }) =>
            cluster === call.cluster &&
            (seesAll || may(call, `/vms/${vmid}`, "VM.Audit")),
        )
        .map((guest) =>
          guestResource(
            call,
            guest,
            pools.get(guest.vmid),
            online.has(guest.node),
          ),
        )
    : [];
  const nodes = wants("node") ? states.map(nodeResource) : [];
  const storages = wants("storage")
    ? states.flatMap((node) => storageResources(call, node))
    : [];
  const ofPools = type
    ? []
    : [...call.world.pools.values()]
        .filter(({ cluster }) => cluster === call.cluster)
        .map(({ poolid }) => ({
          id: `/pool/${poolid}`,
          type: "pool",
          pool: poolid,
        }));
  return [...ofPools, ...guests, ...nodes, ...storages];
}

function nodeResource(node: Node & { online: boolean }) {
  const { name, cores, memoryBytes: maxmem, online } = node;
  return {
    id: `node/${name}`,
    type: "node",
    node: name,
    status: online ? "online" : "offline",
    ...(online
      ? { maxcpu: cores, cpu: 0, maxmem, mem: 0, uptime: uptime(), level: "" }
      : {}),
  };
}

function storageResources(call: Call, node: Node & { online: boolean }) {
  return node.storages
    .filter(
      ({ id, refusal }) =>
        !refusal &&
        may(
          call,
          `/storage/${id}`,
          "Datastore.Audit",
          "Datastore.AllocateSpace",
        ),
    )
    .map((storage) => {
      const { id, totalBytes, type: plugintype, content } = storage;
      return {
        id: `storage/${node.name}/${id}`,
        type: "storage",
        storage: id,
        node: node.name,
        status: node.online ? "available" : "unknown",
        maxdisk: totalBytes,
        disk: usedBytes(node, id),
        plugintype,
        content: content.join(","),
        shared: isShared(storage) ? 1 : 0,
      };
    });
}

function uptime(): number {
  return Math.floor((Date.now() - startedAt) / 1000);
}

/** A stand-alone host has no entry for the cluster. */
function clusterStatus(call: Call): unknown[] {
  const states = nodeStates(call);
  const nodes = states.map(({ name, listen, online }, index) => ({
    id: `node/${name}`,
    type: "node",
    name,
    nodeid: states.length > 1 ? index + 1 : 0,
    ip: listen.host,
    online: online ? 1 : 0,
    local: name === call.contacted.name ? 1 : 0,
    level: "",
  }));
  if (states.length === 1) return nodes;
  return [
    {
      id: "cluster",
      type: "cluster",
      name: call.cluster,
      version: states.length,
      nodes: states.length,
      quorate: 1,
    },
    ...nodes,
  ];
}

function nextId(call: Call): string {
  const { vmid } = call.params;
  const taken = (id: number) =>
    call.world.guest(call.cluster, id) !== undefined;
  if (vmid !== undefined && taken(Number(vmid)))
    throw new Failure(400, `VM ${vmid} already exists`, {
      vmid: `VM ${vmid} already exists`,
    });
  let id = Number(vmid ?? 100);
  while (taken(id)) id++;
  return String(id);
}

function nodeStatus({ world, node }: Call) {
  const used = [...world.guests.values()]
    .filter((guest) => guest.node === node.name && guest.status === "running")
    .reduce((sum, guest) => sum + memoryBytes(guest), 0);
  return {
    pveversion: `pve-manager/${version.version}/${version.repoid}`,
    kversion: "Linux 6.17.2-1-pve #1 SMP PREEMPT_DYNAMIC",
    cpuinfo: { cpus: node.cores, cores: node.cores, sockets: 1 },
    cpu: 0,
    loadavg: ["0.00", "0.00", "0.00"],
    memory: {
      total: node.memoryBytes,
      used,
      free: node.memoryBytes - used,
      available: node.memoryBytes - used,
    },
    uptime: uptime(),
  };
}

export const clusterRoutes: Route[] = [
  { method: "GET", path: "/version", handle: () => version },
  {
    method: "GET",
    path: "/cluster/resources",
    schema: {
      optional: { type: oneOf("vm", "storage", "node", "sdn", "network") },
    },
    handle: resources,
  },
  {
    method: "GET",
    path: "/cluster/nextid",
    schema: { optional: { vmid: integer(100, 999_999_999) } },
    handle: nextId,
  },
  {
    method: "GET",
    path: "/cluster/status",
    allow: (call) => requirePrivilege(call, "/", "Sys.Audit"),
    handle: clusterStatus,
  },
  {
    method: "GET",
    path: "/cluster/options",
    handle: () => ({ keyboard: "en-us", mac_prefix: "BC:24:11" }),
  },
  {
    method: "GET",
    path: "/nodes",
    handle: (call) => nodeStates(call).map(nodeResource),
  },
  {
    method: "GET",
    path: "/nodes/{node}/version",
    handle: () => version,
  },
  {
    method: "GET",
    path: "/nodes/{node}/status",
    allow: (call) =>
      requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Audit"),
    handle: nodeStatus,
  },
];
