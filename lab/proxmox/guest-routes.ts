import { setTimeout as sleep } from "node:timers/promises";
import { type Call, may, type Route, requirePrivilege } from "./call";
import { die } from "./failure";
import {
  checkGuest,
  digestOf,
  hiddenPassword,
  mergedConfig,
  withoutPassword,
} from "./guest-config";
import { lockTimeout, task } from "./guest-work";
import { changeOf, checkChange } from "./guests/change";
import { clone } from "./guests/clone";
import { cloudInitRoutes } from "./guests/cloud-init";
import { configParameters } from "./guests/config-keys";
import { create } from "./guests/create";
import { destroyRoute } from "./guests/destroy";
import { diskRoutes } from "./guests/disks";
import { cryptPassword } from "./guests/identity";
import { snapshotRoutes } from "./guests/snapshots";
import { guestStatus } from "./guests/status";
import { update } from "./guests/update";
import {
  boolean,
  digest,
  dnsName,
  integer,
  limited,
  oneOf,
  type Schema,
  storageId,
  string,
  vmid,
} from "./parameters";
import type { Guest } from "./world";

const base = "/nodes/{node}/qemu";
const one = `${base}/{vmid}`;

/** Without one of these on the guest nothing of its configuration can be changed. */
const anyOf = "Disk CDROM CPU Memory Network HWType Options Cloudinit"
  .split(" ")
  .map((name) => `VM.Config.${name}`);

function changing(call: Call): Guest {
  const vmid = Number(call.places[0]);
  requirePrivilege(call, `/vms/${vmid}`, ...anyOf);
  return checkGuest(call);
}

async function configure(call: Call): Promise<null> {
  const guest = changing(call);
  const change = changeOf(call);
  checkChange(call, guest, change);
  await lockTimeout(call, guest.vmid);
  update(call, guest, change);
  return null;
}

/** By a worker; within the delay its end is waited for. */
async function configureLater(call: Call): Promise<string | null> {
  const guest = changing(call);
  const change = changeOf(call);
  checkChange(call, guest, change);
  const { cipassword } = change.set;
  if (cipassword !== undefined) {
    const { world, cluster } = call;
    change.set.cipassword = cryptPassword(
      world,
      cipassword,
      cluster,
      guest.vmid,
    );
  }
  await lockTimeout(call, guest.vmid);
  const upid = task(call, "qmconfig", guest.vmid, "configured", { change });
  const end = Date.now() + Number(call.params.background_delay ?? 0) * 1_000;
  while (Date.now() < end && !call.world.tasks.get(upid)?.endtime)
    await sleep(5);
  const { endtime, exitstatus = "" } = call.world.tasks.get(upid) ?? {};
  if (endtime === undefined || call.params.background_delay === undefined)
    return upid;
  if (exitstatus !== "OK" && !exitstatus.startsWith("WARNINGS"))
    throw die(`failed to update VM ${guest.vmid}: ${exitstatus}`);
  return null;
}

const updateSchema: Schema = {
  optional: {
    ...configParameters,
    delete: string,
    digest,
    force: boolean,
    revert: string,
    skiplock: boolean,
  },
  requires: { force: "delete" },
};

function currentConfig(call: Call): unknown {
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Audit");
  const { snapshot, current } = call.params;
  const digest = digestOf(guest);
  if (snapshot === undefined) {
    const config = current === "1" ? guest.config : mergedConfig(guest);
    return { ...withoutPassword(config), digest };
  }
  const config = guest.snapshots?.[snapshot];
  if (config === undefined) throw die(`snapshot '${snapshot}' does not exist`);
  return { ...withoutPassword(config), digest };
}

function pendingConfig(call: Call): unknown[] {
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Audit");
  const { config, pending, forced = [] } = guest;
  const shown = (key: string, value: string | number) =>
    key === "cipassword" ? hiddenPassword : value;
  const keys = [...new Set([...Object.keys(config), ...Object.keys(pending)])];
  const items = keys.sort().map((key) => {
    const [value, waiting] = [config[key], pending[key]];
    return {
      key,
      ...(value === undefined ? {} : { value: shown(key, value) }),
      ...(waiting === null ? { delete: forced.includes(key) ? 2 : 1 } : {}),
      ...(waiting === null || waiting === undefined
        ? {}
        : { pending: shown(key, waiting) }),
    };
  });
  return [...items, { key: "digest", value: digestOf(guest) }];
}

export const guestRoutes: Route[] = [
  {
    method: "GET",
    path: base,
    schema: { optional: { full: boolean } },
    handle: (call) =>
      [...call.world.guests.values()]
        .filter(
          ({ cluster, node, vmid }) =>
            cluster === call.cluster &&
            node === call.node.name &&
            may(call, `/vms/${vmid}`, "VM.Audit"),
        )
        .map((guest) => guestStatus(call.world, guest)),
  },
  {
    method: "POST",
    path: base,
    schema: {
      required: { vmid },
      optional: {
        ...configParameters,
        archive: limited(255),
        storage: storageId,
        force: boolean,
        unique: boolean,
        "live-restore": boolean,
        pool: string,
        bwlimit: integer(0),
        start: boolean,
        "ha-managed": boolean,
        "import-working-storage": storageId,
      },
      requires: { force: "archive", unique: "archive" },
    },
    handle: create,
  },
  {
    method: "GET",
    path: one,
    handle: (call) => {
      checkGuest(call);
      return "config cloudinit pending status unlink vncproxy termproxy migrate resize move rrd rrddata monitor agent snapshot spiceproxy sendkey firewall mtunnel remote_migrate"
        .split(" ")
        .map((subdir) => ({ subdir }));
    },
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
        storage: storageId,
        format: oneOf("raw", "qcow2", "vmdk"),
        target: string,
        pool: string,
        snapname: limited(40),
        bwlimit: integer(0),
      },
    },
    handle: clone,
  },
  {
    method: "GET",
    path: `${one}/config`,
    schema: { optional: { current: boolean, snapshot: limited(40) } },
    handle: currentConfig,
  },
  {
    method: "PUT",
    path: `${one}/config`,
    schema: updateSchema,
    handle: configure,
  },
  {
    method: "POST",
    path: `${one}/config`,
    schema: {
      ...updateSchema,
      optional: {
        ...updateSchema.optional,
        background_delay: integer(1, 30),
        "import-working-storage": storageId,
      },
    },
    handle: configureLater,
  },
  { method: "GET", path: `${one}/pending`, handle: pendingConfig },
  destroyRoute,
  ...diskRoutes,
  ...cloudInitRoutes,
  ...snapshotRoutes,
];
