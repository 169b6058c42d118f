import type { Call, Route } from "./call";
import { Failure, invalid } from "./failure";
import { boolean, integer, oneOf, string } from "./parameters";
import type { Guest, Task } from "./world";

const version = { version: "9.1.5", release: "9.1", repoid: "a5f3c1e8" };

function clusterNodes({ world, cluster }: Call) {
  return [...world.nodes.values()].filter((node) => node.cluster === cluster);
}

function resource({ vmid, node, config, status, startedAt }: Guest) {
  return {
    id: `qemu/${vmid}`,
    type: "qemu",
    vmid,
    node,
    name: config.name ?? `VM ${vmid}`,
    status,
    template: Number(config.template ?? 0),
    maxcpu: Number(config.cores ?? 1),
    maxmem: Number(config.memory ?? 512) * 2 ** 20,
    uptime:
      status === "running" ? Math.floor((Date.now() - startedAt) / 1000) : 0,
    ...(config.tags ? { tags: config.tags } : {}),
    ...(config.lock ? { lock: config.lock } : {}),
  };
}

function listed({
  upid,
  node,
  type,
  id,
  user,
  starttime,
  endtime,
  exitstatus,
}: Task) {
  return {
    upid,
    node,
    type,
    id,
    user,
    starttime,
    ...(endtime ? { endtime, status: exitstatus } : {}),
  };
}

function tasksOf(call: Call): Task[] {
  const {
    vmid,
    since,
    limit = "50",
    source = "archive",
    errors,
    typefilter,
  } = call.params;
  return [...call.world.tasks.values()]
    .filter((task) => task.node === call.node.name)
    .filter(
      (task) =>
        source === "all" ||
        (source === "active") === (task.endtime === undefined),
    )
    .filter(
      (task) =>
        (vmid === undefined || task.id === vmid) &&
        (typefilter === undefined || task.type === typefilter),
    )
    .filter((task) => since === undefined || task.starttime >= Number(since))
    .filter(
      (task) =>
        errors !== "1" ||
        (task.endtime !== undefined && task.exitstatus !== "OK"),
    )
    .reverse()
    .slice(0, Number(limit));
}

function taskOf(call: Call): Task {
  const task = call.world.tasks.get(call.places[0] ?? "");
  if (task === undefined) throw invalid("upid", "no such task");
  return task;
}

export const clusterRoutes: Route[] = [
  { method: "GET", path: "/version", handle: () => version },
  {
    method: "GET",
    path: "/cluster/resources",
    schema: {
      optional: { type: oneOf("vm", "storage", "node", "sdn", "network") },
    },
    handle: (call) => {
      const { type } = call.params;
      const guests = [...call.world.guests.values()]
        .filter(({ cluster }) => cluster === call.cluster)
        .map(resource);
      const nodes = clusterNodes(call).map(({ name, cores, memoryBytes }) => ({
        id: `node/${name}`,
        type: "node",
        node: name,
        status: "online",
        maxcpu: cores,
        maxmem: memoryBytes,
      }));
      const storages = clusterNodes(call).flatMap((node) =>
        node.storages
          .filter(({ refusal }) => !refusal)
          .map(({ id, totalBytes, type: plugintype, content }) => ({
            id: `storage/${node.name}/${id}`,
            type: "storage",
            storage: id,
            node: node.name,
            status: "available",
            maxdisk: totalBytes,
            plugintype,
            content: content.join(","),
          })),
      );
      return (
        { vm: guests, node: nodes, storage: storages }[type ?? ""] ??
        (type ? [] : [...guests, ...nodes, ...storages])
      );
    },
  },
  {
    method: "GET",
    path: "/cluster/nextid",
    schema: { optional: { vmid: integer(100, 999_999_999) } },
    handle: (call) => {
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
    },
  },
  {
    method: "GET",
    path: "/cluster/status",
    handle: (call) =>
      clusterNodes(call).map(({ name, listen }, index) => ({
        id: `node/${name}`,
        type: "node",
        name,
        nodeid: index + 1,
        ip: listen.host,
        online: 1,
        local: name === call.contacted.name ? 1 : 0,
      })),
  },
  {
    method: "GET",
    path: "/cluster/tasks",
    handle: (call) =>
      [...call.world.tasks.values()]
        .filter(({ cluster }) => cluster === call.cluster)
        .reverse()
        .slice(0, 50)
        .map(listed),
  },
  {
    method: "GET",
    path: "/nodes",
    handle: (call) =>
      clusterNodes(call).map(({ name }) => ({
        id: `node/${name}`,
        type: "node",
        node: name,
        status: "online",
      })),
  },
  {
    method: "GET",
    path: "/nodes/{node}/status",
    handle: ({ node }) => ({
      pveversion: `pve-manager/${version.version}/${version.repoid}`,
      cpuinfo: { cpus: node.cores },
      memory: { total: node.memoryBytes },
    }),
  },
  {
    method: "GET",
    path: "/nodes/{node}/tasks",
    schema: {
      optional: {
        vmid: integer(100),
        since: integer(),
        until: integer(),
        limit: integer(0),
        start: integer(0),
        source: oneOf("archive", "active", "all"),
        errors: boolean,
        typefilter: string,
        statusfilter: string,
        userfilter: string,
      },
    },
    handle: (call) => tasksOf(call).map(listed),
  },
  {
    method: "GET",
    path: "/nodes/{node}/tasks/{upid}/status",
    handle: (call) => {
      const {
        log: _log,
        effect: _effect,
        endsAt: _endsAt,
        locks: _locks,
        cluster: _cluster,
        endtime,
        ...task
      } = taskOf(call);
      return { ...task, status: endtime ? "stopped" : "running" };
    },
  },
  {
    method: "GET",
    path: "/nodes/{node}/tasks/{upid}/log",
    schema: {
      optional: { start: integer(0), limit: integer(0), download: boolean },
    },
    handle: (call) => taskOf(call).log.map((t, index) => ({ n: index + 1, t })),
  },
  {
    method: "GET",
    path: "/access/permissions",
    schema: { optional: { path: string, userid: string } },
    handle: ({ account, params }) => ({
      [params.path ?? "/"]: Object.fromEntries(
        account.privileges.map((name) => [name, 1]),
      ),
    }),
  },
];
