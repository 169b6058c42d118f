import type { AccessEntry, Account, User, World } from "./world";

const guestPrivileges =
  "Allocate Audit Backup Clone Config.CDROM Config.CPU Config.Cloudinit Config.Disk Config.HWType Config.Memory Config.Network Config.Options Console GuestAgent.Audit GuestAgent.FileRead GuestAgent.FileSystemMgmt GuestAgent.FileWrite GuestAgent.Unrestricted Migrate PowerMgmt Replicate Snapshot Snapshot.Rollback"
    .split(" ")
    .map((name) => `VM.${name}`);
const datastore = [
  "Datastore.Allocate",
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Datastore.Audit",
];
const mapping = ["Mapping.Audit", "Mapping.Modify", "Mapping.Use"];
const pool = ["Pool.Allocate", "Pool.Audit"];
const sdn = ["SDN.Allocate", "SDN.Audit", "SDN.Use"];
const users = [
  "Group.Allocate",
  "Realm.Allocate",
  "Realm.AllocateUser",
  "User.Modify",
];
const system =
  "Sys.AccessNetwork Sys.Audit Sys.Console Sys.Incoming Sys.Modify Sys.PowerMgmt Sys.Syslog".split(
    " ",
  );

/** All that PVE 9 knows; VM.Monitor is gone there. */
export const allPrivileges = [
  ...datastore,
  ...mapping,
  "Permissions.Modify",
  ...pool,
  ...sdn,
  ...system,
  ...users,
  ...guestPrivileges,
].sort();

const audits = allPrivileges.filter((name) => /\.Audit$/.test(name));
/** The role that the cluster's own token has. */
export const tokenRole = "SiteAutomation";

export const builtInRoles: Record<string, string[]> = {
  Administrator: allPrivileges,
  NoAccess: [],
  PVEAdmin: allPrivileges.filter(
    (name) =>
      !/^(Permissions|Realm)|^Sys\.(Modify|PowerMgmt|Incoming)/.test(name),
  ),
  PVEAuditor: audits,
  PVEDatastoreAdmin: datastore,
  PVEDatastoreUser: ["Datastore.AllocateSpace", "Datastore.Audit"],
  PVEMappingAdmin: mapping,
  PVEMappingAuditor: ["Mapping.Audit"],
  PVEMappingUser: ["Mapping.Audit", "Mapping.Use"],
  PVEPoolAdmin: pool,
  PVEPoolUser: ["Pool.Audit"],
  PVESDNAdmin: sdn,
  PVESDNUser: ["SDN.Audit", "SDN.Use"],
  PVESysAdmin: ["Permissions.Modify", ...system],
  PVETemplateUser: ["VM.Audit", "VM.Clone"],
  PVEUserAdmin: users,
  PVEVMAdmin: guestPrivileges,
  PVEVMUser: [
    "VM.Audit",
    "VM.Backup",
    "VM.Config.CDROM",
    "VM.Config.Cloudinit",
    "VM.Console",
    "VM.GuestAgent.Audit",
    "VM.PowerMgmt",
  ],
};

const siteUser = "site@pve";
const siteToken = "hybrid";

export function usersOf(account: Account): Record<string, User> {
  account.users ??= {
    "root@pam": { enable: true, expire: 0, tokens: {} },
    [siteUser]: {
      enable: true,
      expire: 0,
      tokens: {
        [siteToken]: { value: account.token, privsep: false, expire: 0 },
      },
    },
  };
  const token = account.users[siteUser]?.tokens[siteToken];
  if (token) token.value = account.token;
  return account.users;
}

export function rolesOf(account: Account): Record<string, string[]> {
  return {
    ...builtInRoles,
    ...account.roles,
    [tokenRole]: account.privileges,
  };
}

export function aclOf(account: Account): AccessEntry[] {
  account.acl ??= [
    {
      path: "/",
      type: "user",
      ugid: siteUser,
      roleid: tokenRole,
      propagate: true,
    },
  ];
  return account.acl;
}

/** What somebody may do at a path, and whether below it too. */
export function privilegesAt(
  world: World,
  account: Account,
  who: string,
  path: string,
): Map<string, boolean> {
  const [user = "", tokenId] = who.split("!");
  const token = usersOf(account)[user]?.tokens[tokenId ?? ""];
  const ofUser =
    user === "root@pam"
      ? new Map(allPrivileges.map((name) => [name, true]))
      : granted(world, account, user, path);
  if (tokenId === undefined || token?.privsep === false) return ofUser;
  const own = granted(world, account, who, path);
  return new Map([...own].filter(([name]) => ofUser.has(name)));
}

function granted(
  world: World,
  account: Account,
  ugid: string,
  path: string,
): Map<string, boolean> {
  const result = entriesAt(account, ugid, path);
  // A pool's members have what is granted on the pool.
  const [, kind, name] = /^\/(vms|storage)\/([^/]+)$/.exec(path) ?? [];
  if (kind === undefined || name === undefined) return result;
  for (const { cluster, poolid, vms, storage } of world.pools.values()) {
    const isMember =
      cluster === account.cluster &&
      (kind === "vms" ? vms.includes(Number(name)) : storage.includes(name));
    if (!isMember) continue;
    for (const privilege of entriesAt(
      account,
      ugid,
      `/pool/${poolid}`,
    ).keys()) {
      if (!result.has(privilege)) result.set(privilege, false);
    }
  }
  return result;
}

/** The roles of the deepest path with an entry count, not those above it. */
function entriesAt(
  account: Account,
  ugid: string,
  path: string,
): Map<string, boolean> {
  const acl = aclOf(account).filter((entry) => entry.ugid === ugid);
  for (let at = path; ; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    const entries = acl.filter(
      (entry) => entry.path === at && (entry.propagate || at === path),
    );
    if (entries.length > 0) {
      const roles = rolesOf(account);
      const denied = entries.some(({ roleid }) => roleid === "NoAccess");
      return new Map(
        denied
          ? []
          : entries.flatMap(({ roleid, propagate }) =>
              (roles[roleid] ?? []).map((name) => [name, propagate] as const),
            ),
      );
    }
    if (at === "/") return new Map();
  }
}
