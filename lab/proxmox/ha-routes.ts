import { createHash } from "node:crypto";
import { type Call, type Route, requirePrivilege } from "./call";
import { die, Failure, invalid } from "./failure";
import { serviceOf } from "./ha";
import { ruleRoutes } from "./ha-rules";
import { haStatus } from "./ha-status";
import { boolean, type Check, integer, oneOf, string } from "./parameters";
import type { Service } from "./world";

const resources = "/cluster/ha/resources";
const one = `${resources}/{sid}`;

const audit = (call: Call) => requirePrivilege(call, "/", "Sys.Audit");
const manage = (call: Call) => requirePrivilege(call, "/", "Sys.Console");

const comment: Check = (value) =>
  value.length > 4096 ? "value may only be 4096 characters long" : undefined;
const options = {
  state: oneOf("started", "stopped", "enabled", "disabled", "ignored"),
  max_restart: integer(0),
  max_relocate: integer(0),
  failback: boolean,
  comment,
  group: string,
};
const deletable = /^(state|max_restart|max_relocate|failback|comment|group)$/;

/** "vm:100", or the number alone. */
export function parseSid(text: string): { sid: string; vmid: number } {
  const [, , type = "vm", id] = /^((\w+):)?(\d+)$/.exec(text) ?? [];
  if (id === undefined)
    throw invalid(
      "sid",
      `invalid format - unable to parse resource id '${text}'`,
    );
  if (type !== "vm" && type !== "ct")
    throw die(`no such resource type '${type}'`);
  return { sid: `${type}:${id}`, vmid: Number(id) };
}

function configured(call: Call): Service {
  const { sid } = parseSid(call.places[0] ?? "");
  const service = call.world.services.get(`${call.cluster}/${sid}`);
  if (service === undefined) throw die(`no such resource '${sid}'`);
  return service;
}

function managed(call: Call): Service {
  const { sid } = parseSid(call.places[0] ?? "");
  const service = call.world.services.get(`${call.cluster}/${sid}`);
  if (service === undefined || service.state === "ignored")
    throw die(`resource '${sid}' is not HA managed`);
  return service;
}

/** Of the whole file, as each of its sections has it. */
function digest(call: Call): string {
  const all = [...call.world.services.values()]
    .filter(({ cluster }) => cluster === call.cluster)
    .map(({ manager: _manager, ...rest }) => rest);
  return createHash("sha1").update(JSON.stringify(all)).digest("hex");
}

function shown(call: Call, service: Service) {
  const {
    cluster: _cluster,
    vmid: _vmid,
    manager: _manager,
    ...rest
  } = service;
  return { ...rest, type: "vm", digest: digest(call) };
}

function set(service: Service, params: Record<string, string>): void {
  const { state, max_restart, max_relocate, failback, comment } = params;
  if (state !== undefined) {
    const wanted = state === "enabled" ? "started" : state;
    service.state = wanted as Service["state"];
    service.manager.stopTimeout = undefined;
  }
  if (max_restart !== undefined) service.max_restart = Number(max_restart);
  if (max_relocate !== undefined) service.max_relocate = Number(max_relocate);
  if (failback !== undefined) service.failback = failback === "1" ? 1 : 0;
  if (comment !== undefined) service.comment = comment;
}

function checkGroup({ params }: Call): void {
  if (params.group === undefined) return;
  throw die("invalid parameter 'group': ha groups have been migrated to rules");
}

function create(call: Call): void {
  const { sid: text = "", type } = call.params;
  const { sid, vmid } = parseSid(text);
  if (type !== undefined && !sid.startsWith(`${type}:`))
    throw die("types does not match");
  checkGroup(call);
  if (sid.startsWith("ct:") || !call.world.guest(call.cluster, vmid))
    throw die(
      `unable to find configuration file for ${sid.startsWith("ct") ? "CT" : "VM"} ${vmid} on any node`,
    );
  if (call.world.services.has(`${call.cluster}/${sid}`))
    throw die(`create resource failed: resource ID '${sid}' already defined`);
  const service: Service = {
    cluster: call.cluster,
    sid,
    vmid,
    state: "started",
    manager: { failures: 0 },
  };
  set(service, call.params);
  call.world.save("services", service);
}

function update(call: Call): void {
  const { params } = call;
  const { sid } = parseSid(call.places[0] ?? "");
  checkGroup(call);
  const known = call.world.services.get(`${call.cluster}/${sid}`);
  if (known?.manager.state === "error" && params.state !== "disabled")
    throw die(
      `service '${sid}' in error state, must be disabled and fixed first`,
    );
  if (params.digest !== undefined && params.digest !== digest(call))
    throw die(
      "update resource failed: detected modified configuration - file changed by other user? Try again.",
    );
  const service = known;
  if (service === undefined)
    throw die(`update resource failed: no such resource '${sid}'`);
  for (const key of (params.delete ?? "").split(/[,; ]+/).filter(Boolean)) {
    if (!deletable.test(key))
      throw die(`update resource failed: no such option '${key}'`);
    if (key === "state") service.state = "started";
    else delete service[key as "comment"];
  }
  set(service, params);
  call.world.save("services", service);
}

function move(online: boolean): Route["handle"] {
  return (call) => {
    const service = managed(call);
    const { sid, manager, vmid } = service;
    const { node = "" } = call.params;
    if (manager.state === "error")
      throw die(
        `service '${sid}' in error state, must be disabled and fixed first`,
      );
    const target = call.world.nodes.get(node);
    if (target === undefined || target.cluster !== call.cluster)
      throw invalid("node", `no such cluster node '${node}'`);
    if (call.world.guest(call.cluster, vmid)?.node !== node) {
      manager.move = { target: node, online };
      call.world.save("services", service);
    }
    return { sid, "requested-node": node };
  };
}

export const haRoutes: Route[] = [
  {
    method: "GET",
    path: resources,
    allow: audit,
    schema: { optional: { type: oneOf("ct", "vm") } },
    handle: (call) =>
      [...call.world.services.values()]
        .filter(
          ({ cluster, sid }) =>
            cluster === call.cluster &&
            sid.startsWith(call.params.type ?? "vm"),
        )
        .map((service) => shown(call, service)),
  },
  {
    method: "POST",
    path: resources,
    allow: manage,
    schema: {
      required: { sid: string },
      optional: { ...options, type: oneOf("ct", "vm") },
    },
    handle: create,
  },
  {
    method: "GET",
    path: one,
    allow: audit,
    handle: (call) => shown(call, configured(call)),
  },
  {
    method: "PUT",
    path: one,
    allow: manage,
    schema: { optional: { ...options, delete: string, digest: string } },
    handle: update,
  },
  {
    method: "DELETE",
    path: one,
    allow: manage,
    schema: { optional: { purge: boolean } },
    handle: (call) => {
      const { sid } = parseSid(call.places[0] ?? "");
      const service = call.world.services.get(`${call.cluster}/${sid}`);
      if (service === undefined)
        throw die(`cannot delete service '${sid}', not HA managed!`);
      call.world.remove("services", service);
    },
  },
  {
    method: "POST",
    path: `${one}/migrate`,
    allow: manage,
    schema: { required: { node: string } },
    handle: move(true),
  },
  {
    method: "POST",
    path: `${one}/relocate`,
    allow: manage,
    schema: { required: { node: string } },
    handle: move(false),
  },
  {
    method: "GET",
    path: "/cluster/ha/status/current",
    allow: audit,
    handle: haStatus,
  },
  {
    method: "GET",
    path: "/cluster/ha/groups",
    allow: audit,
    handle: () => {
      throw die("cannot index groups: ha groups have been migrated to rules");
    },
  },
  ...ruleRoutes,
];

/** Before a guest goes: HA must let it go first, or be told to with "purge". */
export function checkRemovable(call: Call, vmid: number): void {
  if (call.params.purge === "1") return;
  if (!serviceOf(call.world, call.cluster, vmid)) return;
  throw new Failure(
    500,
    `unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`,
  );
}
