import { type Call, type Route, requirePrivilege } from "./call";
import { die, Failure } from "./failure";
import { oneOf, string } from "./parameters";
import {
  activationProblem,
  type Definition,
  definitionsOf,
  digestOf,
  project,
} from "./storage-definitions";
import { leftOut, pluginOf, simulated } from "./storage-plugins";
import {
  changeableSettings,
  isNumber,
  split,
  storageId,
  storageSettings,
  storageTypes,
} from "./storage-settings";

const one = "/storage/{storage}";

export const storageDefinitionRoutes: Route[] = [
  {
    method: "GET",
    path: "/storage",
    schema: { optional: { type: oneOf(...storageTypes) } },
    handle: (call) =>
      Object.keys(definitionsOf(call.world, call.cluster).ids)
        .filter(() => mayList(call))
        .map((name) => printed(call, name))
        .filter(({ type }) => !call.params.type || type === call.params.type),
  },
  {
    method: "GET",
    path: one,
    handle: (call) => {
      const [name = ""] = call.places;
      requirePrivilege(call, `/storage/${name}`, "Datastore.Allocate");
      return printed(call, name);
    },
  },
  {
    method: "POST",
    path: "/storage",
    schema: {
      required: { storage: storageId, type: oneOf(...storageTypes) },
      optional: storageSettings,
    },
    handle: create,
  },
  {
    method: "PUT",
    path: one,
    schema: {
      optional: { ...changeableSettings, delete: string, digest: string },
    },
    handle: update,
  },
  { method: "DELETE", path: one, handle: remove },
];

function mayList(call: Call): boolean {
  return (
    call.isRoot ||
    ["Datastore.Audit", "Datastore.AllocateSpace"].some((name) =>
      call.account.privileges.includes(name),
    )
  );
}

function definitionOf(call: Call, name: string): Definition {
  const found = definitionsOf(call.world, call.cluster).ids[name];
  if (found === undefined) throw die(`storage '${name}' does not exist`);
  return found;
}

function printed(call: Call, name: string): Definition {
  const definition = definitionOf(call, name);
  const all = definitionsOf(call.world, call.cluster);
  return {
    storage: name,
    ...definition,
    ...(pluginOf(String(definition.type)).shared ? { shared: 1 } : {}),
    digest: digestOf(all),
  };
}

function save(call: Call): void {
  call.world.save("storages", definitionsOf(call.world, call.cluster));
  project(call.world, call.cluster);
}

function create(call: Call) {
  const { storage = "", type = "", ...params } = call.params;
  requirePrivilege(call, "/storage", "Datastore.Allocate");
  if (!simulated.includes(type))
    throw new Failure(501, `storage type '${type}' is not simulated`);
  if (type === "nfs") params.path ??= `/mnt/pve/${storage}`;
  const definition: Definition = { type, ...checked(type, params) };
  for (const key of pluginOf(type).fixed) {
    if (definition[key] === undefined && !leftOut.includes(key))
      throw die(`missing value for required option '${key}'`);
  }
  if (type === "dir" && !/^\/[-/a-zA-Z0-9_.@]+$/.test(String(params.path)))
    throw die(`illegal path for directory storage: ${params.path}`);
  const all = definitionsOf(call.world, call.cluster);
  const failed = (why: string) => die(`create storage failed: ${why}`);
  if (all.ids[storage]) throw failed(`storage ID '${storage}' already defined`);
  definition.content ??= pluginOf(type).defaultContent;
  const base = split(String(definition.base ?? "").replace(":", " "))[0];
  if (base && !all.ids[base]) throw failed(`storage '${base}' does not exist`);
  all.ids[storage] = definition;
  project(call.world, call.cluster);
  const problem = activationProblem(
    call.world,
    call.faults,
    call.contacted,
    storage,
  );
  const isElsewhere = /is disabled|is not available on node/.test(
    problem ?? "",
  );
  if (problem && !isElsewhere) {
    delete all.ids[storage];
    project(call.world, call.cluster);
    throw failed(problem);
  }
  save(call);
  return { storage, type };
}

function update(call: Call) {
  const [storage = ""] = call.places;
  const { delete: unset, digest, ...params } = call.params;
  requirePrivilege(call, "/storage", "Datastore.Allocate");
  const failed = (why: string) => die(`update storage failed: ${why}`);
  const all = definitionsOf(call.world, call.cluster);
  if (digest && digest !== digestOf(all)) {
    throw failed(
      "detected modified configuration - file changed by other user? Try again.",
    );
  }
  const definition = all.ids[storage];
  if (definition === undefined)
    throw failed(`storage '${storage}' does not exist`);
  const type = String(definition.type);
  const { fixed, optional } = pluginOf(type);
  for (const key of Object.keys(params)) {
    if (fixed.includes(key))
      throw failed(`can't change value of fixed parameter '${key}'`);
  }
  let changes: Definition;
  try {
    changes = checked(type, params);
  } catch (error) {
    throw failed((error as Error).message);
  }
  for (const key of split(unset)) {
    if (![...fixed, ...optional].includes(key))
      throw failed(`no such option '${key}'`);
    if (fixed.includes(key) && !leftOut.includes(key))
      throw failed(`unable to delete required option '${key}'`);
    if (fixed.includes(key))
      throw failed(`unable to delete fixed option '${key}'`);
    if (params[key] !== undefined)
      throw failed(`cannot set and delete property '${key}' at the same time!`);
    delete definition[key];
  }
  Object.assign(definition, changes);
  definition.content ??= pluginOf(type).defaultContent;
  if (definition.nodes === "") delete definition.nodes;
  save(call);
  return { storage, type };
}

/** The definition goes; what lies there stays, mounted as it is. */
function remove(call: Call): void {
  const [storage = ""] = call.places;
  requirePrivilege(call, "/storage", "Datastore.Allocate");
  const all = definitionsOf(call.world, call.cluster);
  const failed = (why: string) => die(`delete storage failed: ${why}`);
  if (!all.ids[storage]) throw failed(`storage '${storage}' does not exist`);
  const isBase = Object.values(all.ids).some(({ base }) =>
    String(base ?? "").startsWith(`${storage}:`),
  );
  if (isBase) {
    throw failed(
      "can't remove storage - storage is used as base of another storage",
    );
  }
  delete all.ids[storage];
  save(call);
}

/** SectionConfig's check_value and the plugins' decode_value. */
function checked(type: string, params: Record<string, string>): Definition {
  const { fixed, optional, content, formats } = pluginOf(type);
  const result: Definition = {};
  for (const [key, value] of Object.entries(params)) {
    if (![...fixed, ...optional].includes(key))
      throw die(`unexpected property '${key}'`);
    // A format that the type does not have is dropped, with a warning in the log.
    if (key === "format" && !formats.includes(value)) continue;
    result[key] = isNumber(key) ? Number(value) : value;
  }
  if (params.content !== undefined) {
    // So is a content type.
    const kept = split(params.content).filter((item) => content.includes(item));
    if (kept.includes("none") && kept.length > 1)
      throw die("unable to combine 'none' with other content types");
    if (kept.length === 0 && !content.includes("none"))
      throw die("storage does not support content type 'none'");
    result.content = kept.sort().join(",") || "none";
  }
  if (params.nodes !== undefined)
    result.nodes = split(params.nodes).sort().join(",");
  return result;
}
