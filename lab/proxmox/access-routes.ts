import {
  aclOf,
  allPrivileges,
  builtInRoles,
  privilegesAt,
  rolesOf,
  usersOf,
} from "./access";
import { type Call, may, type Route, requirePrivilege } from "./call";
import { die, Failure, invalid } from "./failure";
import { boolean, type Check, matching, string } from "./parameters";
import type { AccessEntry } from "./world";

/** Where there is something to be allowed, as PVE lists it without a path. */
const topics = [
  "/",
  "/access",
  "/access/groups",
  "/access/realm",
  "/mapping",
  "/mapping/dir",
  "/mapping/pci",
  "/mapping/usb",
  "/nodes",
  "/pool",
  "/sdn",
  "/storage",
  "/vms",
];

function pathsOf(call: Call): string[] {
  const named = aclOf(call.account).map(({ path }) => path);
  return [...new Set([...topics, ...named])].sort();
}

function permissions(call: Call) {
  const { path, userid = call.user } = call.params;
  const isOther = userid !== call.user && !userid.startsWith(`${call.user}!`);
  if (isOther) requirePrivilege(call, "/access", "Sys.Audit");
  const [user = ""] = userid.split("!");
  if (!usersOf(call.account)[user]) throw die(`no such user ('${user}')`);
  return Object.fromEntries(
    (path === undefined ? pathsOf(call) : [path]).flatMap((at) => {
      const had = privilegesAt(call.world, call.account, userid, at);
      if (had.size === 0 && path === undefined) return [];
      const shown = [...had].map(([name, below]) => [name, below ? 1 : 0]);
      return [[at, Object.fromEntries(shown)]];
    }),
  );
}

const aclPath: Check = (value) =>
  /^(\/|(\/[\w.:@-]+)+)$/.test(value)
    ? undefined
    : `invalid ACL path '${value}'`;

function items(text = ""): string[] {
  return text.split(/[,; ]+/).filter(Boolean);
}

function changeAcl(call: Call): void {
  const { path = "/", roles, users, tokens, groups } = call.params;
  const removes = call.params.delete === "1";
  const propagate = call.params.propagate !== "0";
  if (!users && !tokens && !groups)
    throw new Failure(400, "Parameter verification failed.", {
      users: "either 'users', 'groups' or 'tokens' is required.",
    });
  const [group] = items(groups);
  if (group) throw die(`group '${group}' does not exist`);
  const known = rolesOf(call.account);
  const accounts = usersOf(call.account);
  const changes: AccessEntry[] = [];
  for (const roleid of items(roles)) {
    if (!(known[roleid] || removes))
      throw die(`role '${roleid}' does not exist`);
    for (const ugid of items(users)) {
      if (!accounts[ugid]) throw die(`user '${ugid}' does not exist`);
      changes.push({ path, type: "user", ugid, roleid, propagate });
    }
    for (const ugid of items(tokens)) {
      const [user = "", id = ""] = ugid.split("!");
      if (!accounts[user]?.tokens[id])
        throw die(`token '${ugid}' does not exist`);
      changes.push({ path, type: "token", ugid, roleid, propagate });
    }
  }
  const kept = aclOf(call.account).filter(
    (entry) =>
      !changes.some(
        (change) =>
          change.path === entry.path &&
          change.ugid === entry.ugid &&
          change.roleid === entry.roleid,
      ),
  );
  call.account.acl = removes ? kept : [...kept, ...changes];
  call.world.save("accounts", call.account);
}

const roleId = matching(/^[\w.-]+$/, "role ID");
const modifyRoles = (call: Call) =>
  requirePrivilege(call, "/access", "Sys.Modify");

function privilegesIn(text: string | undefined): string[] {
  const names = items(text);
  const wrong = names.find((name) => !allPrivileges.includes(name));
  if (wrong) throw invalid("privs", `invalid privilege '${wrong}'`);
  return names;
}

function ownRole(call: Call, act: string): string {
  const id = call.places[0] ?? "";
  if (builtInRoles[id])
    throw die(`${act} failed: auto-generated role '${id}' cannot be modified`);
  if (!call.account.roles?.[id])
    throw die(`${act} failed: role '${id}' does not exist`);
  return id;
}

function saveRole(call: Call, id: string, privileges: string[] | undefined) {
  const roles = { ...call.account.roles };
  if (privileges) roles[id] = privileges;
  else delete roles[id];
  call.account.roles = roles;
  call.world.save("accounts", call.account);
}

export const accessRoutes: Route[] = [
  {
    method: "GET",
    path: "/access/permissions",
    schema: { optional: { path: aclPath, userid: string } },
    handle: permissions,
  },
  {
    method: "GET",
    path: "/access/domains",
    handle: () => [
      {
        realm: "pam",
        type: "pam",
        comment: "Linux PAM standard authentication",
      },
      {
        realm: "pve",
        type: "pve",
        comment: "Proxmox VE authentication server",
      },
    ],
  },
  {
    method: "GET",
    path: "/access/acl",
    handle: (call) =>
      may(call, "/access", "Sys.Audit", "Permissions.Modify")
        ? aclOf(call.account).map(({ propagate, ...entry }) => ({
            ...entry,
            propagate: propagate ? 1 : 0,
          }))
        : [],
  },
  {
    method: "PUT",
    path: "/access/acl",
    allow: (call) =>
      requirePrivilege(call, call.params.path ?? "/", "Permissions.Modify"),
    schema: {
      required: { path: aclPath, roles: string },
      optional: {
        users: string,
        groups: string,
        tokens: string,
        propagate: boolean,
        delete: boolean,
      },
    },
    handle: changeAcl,
  },
  {
    method: "GET",
    path: "/access/roles",
    handle: ({ account }) =>
      Object.entries(rolesOf(account)).map(([roleid, privs]) => ({
        roleid,
        privs: privs.join(","),
        special: builtInRoles[roleid] ? 1 : 0,
      })),
  },
  {
    method: "POST",
    path: "/access/roles",
    allow: modifyRoles,
    schema: { required: { roleid: roleId }, optional: { privs: string } },
    handle: (call) => {
      const { roleid = "", privs } = call.params;
      if (rolesOf(call.account)[roleid])
        throw die(`create role failed: role '${roleid}' already exists`);
      saveRole(call, roleid, privilegesIn(privs));
    },
  },
  {
    method: "GET",
    path: "/access/roles/{roleid}",
    handle: ({ account, places }) => {
      const privileges = rolesOf(account)[places[0] ?? ""];
      if (!privileges) throw die(`role '${places[0]}' does not exist`);
      return Object.fromEntries(privileges.map((name) => [name, 1]));
    },
  },
  {
    method: "PUT",
    path: "/access/roles/{roleid}",
    allow: modifyRoles,
    schema: { optional: { privs: string, append: boolean } },
    handle: (call) => {
      const id = ownRole(call, "update role");
      const old = call.params.append === "1" ? call.account.roles?.[id] : [];
      const privileges = [...(old ?? []), ...privilegesIn(call.params.privs)];
      saveRole(call, id, [...new Set(privileges)]);
    },
  },
  {
    method: "DELETE",
    path: "/access/roles/{roleid}",
    allow: modifyRoles,
    handle: (call) => saveRole(call, ownRole(call, "delete role"), undefined),
  },
];
