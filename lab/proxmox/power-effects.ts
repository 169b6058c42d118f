import { applyPending, guestOf, nodeOf, start } from "./effects";
import type { Faults } from "./faults";
import { checkLock } from "./guest-config";
import { memoryBytes } from "./status";
import type { Effect, NewTask } from "./tasks";
import { findVolume, release, reserve } from "./volumes";
import type { Guest, World } from "./world";

/** Beside the memory, for the state of the devices. */
const deviceStateBytes = 500 * 2 ** 20;

/** qemu-server's cleanup of a guest whose process has ended. */
function powerOff(world: World, guest: Guest): void {
  guest.status = "stopped";
  guest.paused = undefined;
  applyPending(guest);
  world.save("guests", guest);
}

function powerOn(world: World, guest: Guest): void {
  if (guest.config.lock === "suspended") {
    const state = String(guest.config.vmstate ?? "");
    delete guest.config.lock;
    delete guest.config.vmstate;
    const node = nodeOf(world, guest.node);
    if (findVolume(node, state)) release(world, node, state);
  } else applyPending(guest);
  start(world, guest);
}

/** What the workers of the power routes, and of the HA manager, do. */
export function powerEffects(
  faults: Faults,
  startTask: (request: NewTask) => string,
): Record<string, Effect> {
  return {
    startable: (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.config.template === 1)
        throw new Error("you can't start a vm if it's a template");
      const { lock } = guest.config;
      if (!args.skiplock && lock !== "suspended") checkLock(guest);
      if (guest.status === "running")
        throw new Error(`VM ${guest.vmid} already running`);
    },
    "powered-on": (world, _task, args) => powerOn(world, guestOf(world, args)),
    stoppable: (world, _task, args) => {
      if (!args.skiplock) checkLock(guestOf(world, args));
    },
    // Of a guest that is off already there is nothing to do, and no error.
    "powered-off": (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.status === "running") powerOff(world, guest);
    },
    "powerdown-timeout": () => {
      throw new Error("VM quit/powerdown failed - got timeout");
    },
    // qmeventd sees the end of the process, and has it started again.
    rebooted: (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.status !== "running") return;
      powerOff(world, guest);
      startTask({
        node: guest.node,
        cluster: guest.cluster,
        type: "qmstart",
        id: guest.vmid,
        user: "root@pam",
        locks: guest.vmid,
        waits: true,
        check: "startable",
        effect: "powered-on",
        args: { cluster: guest.cluster, vmid: guest.vmid },
      });
    },
    paused: (world, _task, args) => {
      const guest = guestOf(world, args);
      guest.paused = true;
      world.save("guests", guest);
    },
    suspending: (world, _task, args) => {
      const guest = guestOf(world, args);
      checkLock(guest);
      guest.config.lock = "suspending";
      world.save("guests", guest);
    },
    "suspend-failed": (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.config.lock !== "suspending") return;
      delete guest.config.lock;
      world.save("guests", guest);
    },
    suspended: (world, _task, args) => {
      const guest = guestOf(world, args);
      const storage = String(args.storage);
      const volid = `${storage}:vm-${guest.vmid}-state-suspend-${new Date().toISOString().slice(0, 10)}`;
      reserve(world, faults, nodeOf(world, guest.node), {
        volid,
        storage,
        content: "images",
        bytes: memoryBytes(guest) + deviceStateBytes,
        vmid: guest.vmid,
      });
      guest.status = "stopped";
      guest.config.lock = "suspended";
      guest.config.vmstate = volid;
      world.save("guests", guest);
    },
    resumed: (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.config.lock === "suspended") powerOn(world, guest);
      else {
        guest.paused = undefined;
        world.save("guests", guest);
      }
    },
    "ha-move": (world, _task, args) => {
      const service = world.services.get(`${args.cluster}/vm:${args.vmid}`);
      if (service === undefined) return;
      service.manager.move = { target: String(args.target), online: true };
      world.save("services", service);
    },
    /** "ha-manager set" and "crm-command stop". */
    "ha-state": (world, _task, args) => {
      const service = world.services.get(`${args.cluster}/vm:${args.vmid}`);
      if (service === undefined) return;
      service.state = args.state === "started" ? "started" : "stopped";
      service.manager.stopTimeout = args.timeout as number | undefined;
      world.save("services", service);
    },
  };
}
