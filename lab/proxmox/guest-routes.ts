import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, type Route, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import {
  checkGuest,
  checkLock,
  checkRootOnly,
  configSchema,
  digestOf,
  diskKey,
  mergedConfig,
  update,
} from "./guest-config";
import {
  boolean,
  dnsName,
  integer,
  matching,
  string,
  vmid,
} from "./parameters";
import { parse } from "./property-strings";
import { findVolume } from "./volumes";
import type { Guest } from "./world";

const base = "/nodes/{node}/qemu";
const one = `${base}/{vmid}`;
const privilegeOf: [RegExp, string][] = [
  [/^(cores|sockets|cpu|numa)$/, "VM.Config.CPU"],
  [/^(memory|balloon)$/, "VM.Config.Memory"],
  [/^net\d/, "VM.Config.Network"],
  [/^(ci|ipconfig|sshkeys|nameserver|searchdomain)/, "VM.Config.Cloudinit"],
  [/^(scsi|virtio|sata|ide)\d/, "VM.Config.Disk"],
  [
    /^(ostype|scsihw|bios|machine|serial|vga|hotplug|tablet)/,
    "VM.Config.HWType",
  ],
];

function requireConfigPrivileges(call: Call, keys: string[]): void {
  const path = `/vms/${call.places[0] ?? call.params.vmid}`;
  for (const key of keys) {
    const privilege = privilegeOf.find(([pattern]) => pattern.test(key))?.[1];
    requirePrivilege(call, path, privilege ?? "VM.Config.Options");
    const bridge =
      key.startsWith("net") &&
      call.params[key] &&
      parse(call.params[key], "model").bridge;
    if (bridge)
      requirePrivilege(call, `/sdn/zones/localnetwork/${bridge}`, "SDN.Use");
  }
}

async function lockTimeout(call: Call, id: number): Promise<void> {
  const subject = call.places[0] ?? call.params.vmid ?? call.params.newid ?? "";
  if (call.faults.hit(["lock-timeout"], call.node.name, subject)) {
    throw die(
      `can't lock file '/var/lock/qemu-server/lock-${id}.conf' - got timeout`,
    );
  }
  await call.tasks.unlocked(call.cluster, id);
}

function task(
  call: Call,
  type: string,
  id: number,
  effect: string,
  args: Record<string, unknown> = {},
  failure?: string,
): string {
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type,
    id,
    user: call.user,
    locks: id,
    effect,
    args: { cluster: call.cluster, vmid: id, ...args },
    failure,
  });
}

function ensureFree(call: Call, id: number): void {
  if (!call.world.guest(call.cluster, id)) return;
  throw die(`unable to create VM ${id}: config file already exists`);
}

async function create(call: Call): Promise<string> {
  const { vmid: id, start, ...config } = call.params;
  const number = Number(id);
  requirePrivilege(call, `/vms/${number}`, "VM.Allocate");
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
    { config: draft.config, start: start === "1" },
    "drop",
  );
}

async function clone(call: Call): Promise<string> {
  const source = checkGuest(call);
  const { newid, name, description, full, storage, snapname, target } =
    call.params;
  const id = Number(newid);
  requirePrivilege(call, `/vms/${source.vmid}`, "VM.Clone");
  requirePrivilege(call, `/vms/${id}`, "VM.Allocate");
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
    },
    failure: "drop",
  });
}

async function configure(call: Call): Promise<Guest> {
  const guest = checkGuest(call);
  const {
    delete: unset = "",
    digest,
    force,
    background_delay,
    ...set
  } = call.params;
  void background_delay;
  const keys = unset.split(/[,; ]/).filter(Boolean);
  if (Object.keys(set).length + keys.length === 0)
    throw die("no options specified");
  requireConfigPrivileges(call, [...Object.keys(set), ...keys]);
  checkRootOnly(call);
  await lockTimeout(call, guest.vmid);
  checkLock(guest);
  if (digest && digest !== digestOf(guest))
    throw die("checksum mismatch (file change by other user?)");
  update(call, guest, set, keys, force === "1");
  return guest;
}

const updateSchema = {
  optional: {
    ...configSchema.optional,
    delete: string,
    digest: string,
    force: boolean,
    revert: string,
    skiplock: boolean,
  },
  indexed: configSchema.indexed,
};

export const guestRoutes: Route[] = [
  {
    method: "GET",
    path: base,
    schema: { optional: { full: boolean } },
    handle: ({ world, cluster, node }) =>
      [...world.guests.values()]
        .filter(
          (guest) => guest.cluster === cluster && guest.node === node.name,
        )
        .map(({ vmid, config, status }) => ({
          vmid,
          name: config.name ?? `VM ${vmid}`,
          status,
          template: config.template,
        })),
  },
  {
    method: "POST",
    path: base,
    schema: {
      required: { vmid },
      optional: {
        ...configSchema.optional,
        start: boolean,
        storage: string,
        pool: string,
      },
      indexed: configSchema.indexed,
    },
    handle: create,
  },
  {
    method: "POST",
    path: `${one}/clone`,
    schema: {
      required: { newid: vmid },
      optional: {
        name: dnsName,
        description: string,
        full: boolean,
        storage: string,
        format: string,
        target: string,
        pool: string,
        snapname: string,
        bwlimit: integer(0),
      },
    },
    handle: clone,
  },
  {
    method: "GET",
    path: `${one}/config`,
    schema: { optional: { current: boolean, snapshot: string } },
    handle: (call) => {
      const guest = checkGuest(call);
      requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Audit");
      const config =
        call.params.current === "1" ? { ...guest.config } : mergedConfig(guest);
      return { ...config, digest: digestOf(guest) };
    },
  },
  {
    method: "PUT",
    path: `${one}/config`,
    schema: updateSchema,
    handle: async (call) => void (await configure(call)),
  },
  {
    method: "POST",
    path: `${one}/config`,
    schema: {
      ...updateSchema,
      optional: { ...updateSchema.optional, background_delay: integer(1, 30) },
    },
    handle: async (call) => {
      const { vmid } = await configure(call);
      const upid = task(call, "qmconfig", vmid, "nothing");
      const end =
        Date.now() + Number(call.params.background_delay ?? 0) * 1_000;
      while (Date.now() < end && !call.world.tasks.get(upid)?.endtime)
        await sleep(5);
      const ended = call.world.tasks.get(upid);
      if (!ended?.endtime) return upid;
      if (ended.exitstatus !== "OK") throw die(ended.exitstatus ?? "failed");
      return null;
    },
  },
  {
    method: "GET",
    path: `${one}/pending`,
    handle: (call) => {
      const { config, pending } = checkGuest(call);
      return [...new Set([...Object.keys(config), ...Object.keys(pending)])]
        .sort()
        .map((key) => ({
          key,
          ...(config[key] === undefined ? {} : { value: config[key] }),
          ...(pending[key] === null ? { delete: 1 } : {}),
          ...(pending[key] === null || pending[key] === undefined
            ? {}
            : { pending: pending[key] }),
        }));
    },
  },
  {
    method: "PUT",
    path: `${one}/resize`,
    schema: {
      required: {
        disk: matching(diskKey, "disk slot"),
        size: matching(/^\+?\d+(\.\d+)?[KMGT]?$/, "size"),
      },
      optional: { digest: string, skiplock: boolean },
    },
    handle: async (call) => {
      const guest = checkGuest(call);
      requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
      await lockTimeout(call, guest.vmid);
      checkLock(guest);
      const { disk = "", size = "" } = call.params;
      if (guest.config[disk] === undefined)
        throw die(`disk '${disk}' does not exist`);
      return task(call, "resize", guest.vmid, "resized", { disk, size });
    },
  },
  {
    method: "POST",
    path: `${one}/template`,
    schema: { optional: { disk: string } },
    handle: async (call) => {
      const guest = checkGuest(call);
      requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Allocate");
      await lockTimeout(call, guest.vmid);
      checkLock(guest);
      if (guest.config.template === 1)
        throw die("you can't convert a template to a template");
      if (guest.status === "running")
        throw die(
          `VM ${guest.vmid} is running - can't convert it to a template`,
        );
      return task(call, "qmtemplate", guest.vmid, "templated");
    },
  },
  {
    method: "DELETE",
    path: one,
    schema: {
      optional: {
        purge: boolean,
        "destroy-unreferenced-disks": boolean,
        skiplock: boolean,
      },
    },
    handle: async (call) => {
      const guest = checkGuest(call);
      requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Allocate");
      await lockTimeout(call, guest.vmid);
      checkLock(guest);
      if (guest.config.protection === 1)
        throw die(`can't remove VM ${guest.vmid} - protection mode enabled`);
      if (guest.status === "running")
        throw die(`VM ${guest.vmid} is running - destroy failed`);
      const bases = Object.entries(guest.config).filter(
        ([key, value]) => diskKey.test(key) && /[:/]base-/.test(String(value)),
      );
      const users = [...call.world.guests.values()].filter(
        (other) =>
          other !== guest &&
          bases.some(([, value]) =>
            Object.values(other.config).some((text) =>
              String(text).includes(`${parse(String(value), "file").file}/`),
            ),
          ),
      );
      if (users.length > 0)
        throw die(
          `base volume '${parse(String(bases[0]?.[1]), "file").file}' is still in use by linked cloned`,
        );
      return task(call, "qmdestroy", guest.vmid, "destroyed");
    },
  },
  {
    method: "PUT",
    path: `${one}/cloudinit`,
    handle: (call) => {
      requirePrivilege(
        call,
        `/vms/${checkGuest(call).vmid}`,
        "VM.Config.Cloudinit",
      );
      return null;
    },
  },
];

export { lockTimeout, task };
