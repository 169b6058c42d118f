import { agentEnabled } from "./agent-routes";
import {
  type Call,
  type Route,
  requirePrivilege,
  requireRootFor,
} from "./call";
import { die, invalid } from "./failure";
import { checkGuest } from "./guest-config";
import { stateStorage } from "./guests/vm-state";
import { managedService } from "./ha";
import { boolean, type Check, integer, oneOf, string } from "./parameters";
import { currentStatus, memoryBytes } from "./status";
import type { NewTask } from "./tasks";
import { storageOf } from "./volumes";
import type { Guest } from "./world";

const one = "/nodes/{node}/qemu/{vmid}";
const shutdownSeconds = 60;

function action(
  name: string,
  optional: Record<string, Check>,
  handle: (call: Call, guest: Guest) => unknown,
): Route {
  return {
    method: "POST",
    path: `${one}/status/${name}`,
    schema: { optional },
    allow: (call) =>
      requirePrivilege(call, `/vms/${call.places[0]}`, "VM.PowerMgmt"),
    handle: (call) => {
      requireRootFor(call, "skiplock", "keepActive", "nocheck", ...migration);
      return handle(call, checkGuest(call));
    },
  };
}

/** What only a migration passes on. */
const migration = [
  "stateuri",
  "migratedfrom",
  "migration_type",
  "migration_network",
  "targetstorage",
  "force-cpu",
  "nets-host-mtu",
  "with-conntrack-state",
];

/** A worker that takes the guest's lock by itself, so that its refusal is an exit status. */
function worker(
  call: Call,
  { vmid }: Guest,
  type: string,
  request: Partial<NewTask> & { effect: string },
): string {
  const common = {
    node: call.node.name,
    cluster: call.cluster,
    type,
    id: vmid,
    user: call.user,
  };
  if (call.faults.hit(["lock-timeout"], call.node.name, `${vmid}`)) {
    const message = `can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`;
    return call.tasks.start({ ...common, effect: "fail", args: { message } });
  }
  return call.tasks.start({
    ...common,
    locks: vmid,
    waits: true,
    ...request,
    args: {
      cluster: call.cluster,
      vmid,
      skiplock: call.params.skiplock === "1",
      ...request.args,
    },
  });
}

/** Asks the HA manager; the worker's end says nothing of the guest. */
function askHa(
  call: Call,
  { vmid }: Guest,
  state: "started" | "stopped",
  timeout?: number,
): string {
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type: state === "started" ? "hastart" : "hastop",
    id: vmid,
    user: call.user,
    durationMs: 0,
    effect: "ha-state",
    args: { cluster: call.cluster, vmid, state, timeout },
  });
}

function isManaged(call: Call, { vmid }: Guest): boolean {
  return managedService(call.world, call.cluster, vmid) !== undefined;
}

function startGuest(call: Call, guest: Guest): string {
  if (isManaged(call, guest)) return askHa(call, guest, "started");
  const { timeout, targetstorage, migratedfrom } = call.params;
  if (targetstorage && !migratedfrom)
    throw invalid(
      "targetstorage",
      "targetstorage can only by used with migratedfrom.",
    );
  const seconds = Number(timeout ?? Math.max(30, memoryBytes(guest) / 2 ** 30));
  return worker(call, guest, "qmstart", {
    check: "startable",
    effect: "powered-on",
    limit: {
      ms: seconds * 1_000,
      message: `start failed: command '/usr/bin/kvm -id ${guest.vmid}' failed: got timeout`,
    },
  });
}

function stopGuest(call: Call, guest: Guest): string {
  const overrules = call.params["overrule-shutdown"] === "1";
  if (isManaged(call, guest)) {
    if (overrules)
      throw invalid("overrule-shutdown", "Not applicable for HA resources.");
    return askHa(call, guest, "stopped", 0);
  }
  if (overrules) {
    for (const task of call.world.tasks.values()) {
      if (task.type === "qmshutdown" && task.id === `${guest.vmid}`)
        call.tasks.kill(task, "signal");
    }
  }
  return worker(call, guest, "qmstop", {
    check: "stoppable",
    effect: "powered-off",
  });
}

function shutdownGuest(call: Call, guest: Guest): string {
  const { timeout, forceStop } = call.params;
  const forced = forceStop === "1";
  const paused = guest.status === "running" && guest.paused === true;
  if (paused && !forced) throw die("VM is paused - cannot shutdown");
  const seconds = Number(timeout ?? downSeconds(guest) ?? shutdownSeconds);
  if (isManaged(call, guest))
    return askHa(call, guest, "stopped", Number(timeout ?? shutdownSeconds));
  const isDeaf = !paused && ignoresShutdown(call, guest);
  return worker(call, guest, "qmshutdown", {
    check: "stoppable",
    effect: isDeaf && !forced ? "powerdown-timeout" : "powered-off",
    ...(isDeaf ? { durationMs: seconds * 1_000 } : {}),
  });
}

function rebootGuest(call: Call, guest: Guest): string {
  if (guest.paused) throw die("VM is paused - cannot shutdown");
  mustRun(guest);
  const seconds = Number(
    call.params.timeout ?? downSeconds(guest) ?? shutdownSeconds,
  );
  const isDeaf = ignoresShutdown(call, guest);
  return worker(call, guest, "qmreboot", {
    effect: isDeaf ? "powerdown-timeout" : "rebooted",
    ...(isDeaf ? { durationMs: seconds * 1_000 } : {}),
  });
}

function ignoresShutdown(call: Call, { vmid }: Guest): boolean {
  const { name } = call.node;
  return call.faults.hit(["ignores-shutdown"], name, `${vmid}`) !== undefined;
}

/** The guest's own patience, startup=down=N. */
function downSeconds({ config }: Guest): string | undefined {
  return /(?:^|,)down=(\d+)/.exec(String(config.startup ?? ""))?.[1];
}

function mustRun({ vmid, status }: Guest): void {
  if (status !== "running") throw die(`VM ${vmid} not running`);
}

function suspendGuest(call: Call, guest: Guest): string {
  mustRun(guest);
  const { todisk, statestorage } = call.params;
  if (statestorage !== undefined && todisk === undefined)
    throw invalid(
      "todisk",
      "missing property - 'statestorage' requires this property",
    );
  if (todisk !== "1")
    return worker(call, guest, "qmpause", {
      check: "stoppable",
      effect: "paused",
    });
  if (isManaged(call, guest)) throw die("Cannot suspend HA managed VM to disk");
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
  if (Object.keys(guest.config).some((key) => /^hostpci\d/.test(key)))
    throw die(
      "cannot suspend VM to disk due to passed-through PCI device(s), which lack the possibility to save/restore their internal state",
    );
  const storage = statestorage ?? stateStorage(call.node, guest);
  requirePrivilege(call, `/storage/${storage}`, "Datastore.AllocateSpace");
  storageOf(call.node, storage);
  return worker(call, guest, "qmsuspend", {
    check: "suspending",
    effect: "suspended",
    failure: "suspend-failed",
    args: { storage },
  });
}

function resumeGuest(call: Call, guest: Guest): string {
  if (guest.config.lock !== "suspended") mustRun(guest);
  return worker(call, guest, "qmresume", { effect: "resumed" });
}

function current(call: Call) {
  const guest = checkGuest(call);
  const service = managedService(call.world, call.cluster, guest.vmid);
  return {
    ...currentStatus(call.world, guest),
    ha: service
      ? { managed: 1, state: service.manager.state ?? "queued" }
      : { managed: 0 },
    ...(agentEnabled(guest.config.agent) ? { agent: 1 } : {}),
    ...(/^(qxl|virtio)/.test(String(guest.config.vga ?? ""))
      ? { spice: 1 }
      : {}),
  };
}

const skiplock = boolean;
const timeout = integer(0);

export const powerRoutes: Route[] = [
  action(
    "start",
    {
      skiplock,
      timeout,
      machine: string,
      ...Object.fromEntries(migration.map((name) => [name, string])),
      migration_type: oneOf("secure", "insecure"),
      "with-conntrack-state": boolean,
    },
    startGuest,
  ),
  action(
    "stop",
    {
      skiplock,
      timeout,
      keepActive: boolean,
      migratedfrom: string,
      "overrule-shutdown": boolean,
    },
    stopGuest,
  ),
  action(
    "shutdown",
    { skiplock, timeout, forceStop: boolean, keepActive: boolean },
    shutdownGuest,
  ),
  action("reboot", { timeout }, rebootGuest),
  action("reset", { skiplock }, (call, guest) => {
    mustRun(guest);
    return worker(call, guest, "qmreset", {
      check: "stoppable",
      effect: "nothing",
    });
  }),
  action(
    "suspend",
    { skiplock, todisk: boolean, statestorage: string },
    suspendGuest,
  ),
  action("resume", { skiplock, nocheck: boolean }, resumeGuest),
  {
    method: "GET",
    path: `${one}/status`,
    handle: () =>
      [
        "current",
        "start",
        "stop",
        "reset",
        "shutdown",
        "suspend",
        "reboot",
      ].map((subdir) => ({ subdir })),
  },
  {
    method: "GET",
    path: `${one}/status/current`,
    allow: (call) =>
      requirePrivilege(call, `/vms/${call.places[0]}`, "VM.Audit"),
    handle: current,
  },
];
