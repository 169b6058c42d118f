import { setTimeout as sleep } from "node:timers/promises";
import { type Call, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
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
import { clone, create } from "./guest-make";
import { lockTimeout, requireConfigPrivileges, task } from "./guest-work";
import { checkRemovable } from "./ha-routes";
import {
  boolean,
  dnsName,
  integer,
  matching,
  string,
  vmid,
} from "./parameters";
import { parse } from "./property-strings";
import type { Guest } from "./world";

const base = "/nodes/{node}/qemu";
const one = `${base}/{vmid}`;

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
      checkRemovable(call, guest.vmid);
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
