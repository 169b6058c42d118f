import { guestOf, nodeOf } from "./effects";
import type { Faults } from "./faults";
import { checkLock } from "./guest-config";
import type { Place } from "./guests/drives";
import { start, stop } from "./guests/start";
import { saveState } from "./guests/vm-state";
import type { Effect, NewTask } from "./tasks";
import { findVolume, release } from "./volumes";
import type { Guest, World } from "./world";

/** qemu-server's cleanup of a guest whose process has ended. */
function powerOff(place: Place, guest: Guest): void {
  guest.paused = undefined;
  stop(place, guest);
}

function powerOn(place: Place, guest: Guest): void {
  const { world, node } = place;
  if (guest.config.lock === "suspended") {
    const state = String(guest.config.vmstate ?? "");
    delete guest.config.lock;
    delete guest.config.vmstate;
    if (findVolume(node, state)) release(world, node, state);
  }
  start(place, guest);
}

/** What the workers of the power routes, and of the HA manager, do. */
export function powerEffects(
  faults: Faults,
  startTask: (request: NewTask) => string,
): Record<string, Effect> {
  const place = (world: World, guest: Guest): Place => ({
    world,
    faults,
    node: nodeOf(world, guest.node),
  });
  return {
    fail: (_world, _task, { message }) => {
      throw new Error(String(message));
    },
    startable: (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.config.template === 1)
        throw new Error("you can't start a vm if it's a template");
      const { lock } = guest.config;
      if (!args.skiplock && lock !== "suspended") checkLock(guest);
      if (guest.status === "running")
        throw new Error(`VM ${guest.vmid} already running`);
    },
    "powered-on": (world, _task, args) => {
      const guest = guestOf(world, args);
      powerOn(place(world, guest), guest);
    },
    stoppable: (world, _task, args) => {
      if (!args.skiplock) checkLock(guestOf(world, args));
    },
    // Of a guest that is off already there is nothing to do, and no error.
    "powered-off": (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.status === "running") powerOff(place(world, guest), guest);
    },
    "powerdown-timeout": () => {
      throw new Error("VM quit/powerdown failed - got timeout");
    },
    // qmeventd sees the end of the process, and has it started again.
    rebooted: (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.status !== "running") return;
      powerOff(place(world, guest), guest);
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
      const name = `suspend-${new Date().toISOString().slice(0, 10)}`;
      const volid = saveState(
        place(world, guest),
        guest,
        name,
        String(args.storage),
      );
      guest.status = "stopped";
      guest.config.lock = "suspended";
      guest.config.vmstate = volid;
      world.save("guests", guest);
    },
    resumed: (world, _task, args) => {
      const guest = guestOf(world, args);
      if (guest.config.lock === "suspended")
        powerOn(place(world, guest), guest);
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
