import { type Call, may, Reply, type Route, requirePrivilege } from "./call";
import { invalid } from "./failure";
import { boolean, type Check, integer, oneOf, string } from "./parameters";
import type { Task } from "./world";

const tasks = "/nodes/{node}/tasks";
const one = `${tasks}/{upid}`;
const upidForm =
  /^UPID:[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?:([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):[^:\s]+:[^:\s]*:[^:\s]+:$/;

const noStatus = "unexpected status";
const kinds = ["ok", "error", "warning", "unknown"];
const statuses: Check = (value) =>
  value
    .split(/[,; ]+/)
    .filter((item) => !kinds.includes(item))
    .map(
      (item) =>
        `invalid format - status '${item}' is not one of ${kinds.join(", ")}`,
    )[0];

function owner({ user }: Task): { user: string; tokenid?: string } {
  const [name = "", tokenid] = user.split("!");
  return { user: name, ...(tokenid ? { tokenid } : {}) };
}

function decoded(task: Task) {
  const [, node, pid = "", pstart = ""] = task.upid.split(":");
  return {
    upid: task.upid,
    node,
    pid: Number.parseInt(pid, 16),
    pstart: Number.parseInt(pstart, 16),
    starttime: task.starttime,
    type: task.type,
    id: task.id,
  };
}

/** A user sees the tasks of its tokens too, a token its own only. */
function isOwn(call: Call, task: Task): boolean {
  return task.user === call.user || owner(task).user === call.user;
}

function isFlushed({ flushedAt = 0 }: Task): boolean {
  return Date.now() >= flushedAt;
}

function listed(task: Task) {
  const { endtime, flushedAt } = task;
  // The index keeps what was read when the end was noticed.
  const status = flushedAt === undefined ? task.exitstatus : noStatus;
  return {
    ...decoded(task),
    user: task.user,
    ...(endtime ? { endtime, status } : {}),
  };
}

function kindOf({ exitstatus }: Task): string {
  if (exitstatus === "OK") return "ok";
  if (exitstatus?.startsWith("WARNINGS")) return "warning";
  return exitstatus === noStatus ? "unknown" : "error";
}

function list(call: Call): Reply {
  const { params, node, world } = call;
  const { source = "archive", start = "0", limit = "50" } = params;
  const seesAll = may(call, `/nodes/${node.name}`, "Sys.Audit");
  const wanted = params.statusfilter?.split(/[,; ]+/);
  const user = params.userfilter?.toLowerCase();
  const found = [...world.tasks.values()]
    .filter(
      (task) =>
        task.node === node.name &&
        (seesAll || isOwn(call, task)) &&
        (source === "all" ||
          (source === "active") === (task.endtime === undefined)) &&
        (params.vmid === undefined || task.id === params.vmid) &&
        (params.typefilter === undefined || task.type === params.typefilter) &&
        (user === undefined || task.user.toLowerCase().includes(user)) &&
        (params.since === undefined ||
          task.starttime >= Number(params.since)) &&
        (params.until === undefined ||
          task.starttime <= Number(params.until)) &&
        !(params.errors === "1" && task.exitstatus === "OK") &&
        (wanted === undefined || wanted.includes(kindOf(task))),
    )
    .reverse();
  const from = Number(start);
  return new Reply(
    found.slice(from, from + Number(limit)).map((task) => ({
      ...listed(task),
      ...(task.endtime ? {} : { status: "RUNNING" }),
    })),
    { total: found.length },
  );
}

function taskOf(call: Call): Task {
  const upid = call.places[0] ?? "";
  if (!upidForm.test(upid))
    throw invalid("upid", "unable to parse worker upid");
  const task = call.world.tasks.get(upid);
  if (task === undefined || task.node !== call.node.name)
    throw invalid("upid", "no such task");
  return task;
}

function readable(call: Call): Task {
  const task = taskOf(call);
  if (!isOwn(call, task))
    requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Audit");
  return task;
}

/** A limit of 0 is none. */
function log(call: Call): Reply | string {
  const task = readable(call);
  const lines = isFlushed(task) ? task.log : task.log.slice(0, -1);
  const { start = "0", limit = "50", download } = call.params;
  if (download === "1") return lines.join("\n");
  const from = Number(start);
  const count = Number(limit) || lines.length;
  return new Reply(
    lines.map((t, index) => ({ n: index + 1, t })).slice(from, from + count),
    { total: lines.length },
  );
}

function status(call: Call) {
  const task = readable(call);
  const { endtime } = task;
  const exitstatus = isFlushed(task) ? task.exitstatus : noStatus;
  return {
    ...decoded(task),
    ...owner(task),
    status: endtime ? "stopped" : "running",
    ...(endtime ? { exitstatus } : {}),
  };
}

function stop(call: Call): null {
  const task = taskOf(call);
  if (!isOwn(call, task))
    requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Modify");
  call.tasks.kill(task, "signal");
  return null;
}

function recent(call: Call) {
  const seesAll = may(call, "/", "Sys.Audit");
  return [...call.world.tasks.values()]
    .filter(
      (task) => task.cluster === call.cluster && (seesAll || isOwn(call, task)),
    )
    .slice(-25)
    .reverse()
    .map(listed);
}

export const taskRoutes: Route[] = [
  { method: "GET", path: "/cluster/tasks", handle: recent },
  {
    method: "GET",
    path: tasks,
    schema: {
      optional: {
        vmid: integer(100, 999_999_999),
        since: integer(),
        until: integer(),
        limit: integer(0),
        start: integer(0),
        source: oneOf("archive", "active", "all"),
        errors: boolean,
        typefilter: string,
        statusfilter: statuses,
        userfilter: string,
      },
    },
    handle: list,
  },
  {
    method: "GET",
    path: one,
    handle: () => [{ name: "log" }, { name: "status" }],
  },
  { method: "DELETE", path: one, handle: stop },
  { method: "GET", path: `${one}/status`, handle: status },
  {
    method: "GET",
    path: `${one}/log`,
    schema: {
      optional: { start: integer(0), limit: integer(0), download: boolean },
    },
    handle: log,
  },
];
