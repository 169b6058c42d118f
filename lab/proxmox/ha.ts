import type { Faults } from "./faults";
import type { Tasks } from "./tasks";
import { type Guest, isBooting, type Service, type World } from "./world";

const maxRestart = 1;
const forcedStopSeconds = 60;

export function serviceOf(
  world: World,
  cluster: string,
  vmid: number,
): Service | undefined {
  return world.services.get(`${cluster}/vm:${vmid}`);
}

/** An ignored service behaves as if it were not managed. */
export function managedService(
  world: World,
  cluster: string,
  vmid: number,
): Service | undefined {
  const service = serviceOf(world, cluster, vmid);
  return service?.state === "ignored" ? undefined : service;
}

/** pve-ha-crm and pve-ha-lrm: look at each service in turns, and start workers for it. */
export class HaManager {
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly world: World,
    private readonly tasks: Tasks,
    private readonly faults: Faults,
    everyMs: number,
  ) {
    this.#timer = setInterval(() => this.#round(), everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #round(): void {
    for (const service of this.world.services.values()) {
      const before = JSON.stringify(service.manager);
      this.#look(service);
      if (JSON.stringify(service.manager) !== before)
        this.world.save("services", service);
    }
  }

  #look(service: Service): void {
    const { cluster, vmid, state, manager } = service;
    const guest = this.world.guest(cluster, vmid);
    if (guest === undefined) return;
    if (state === "ignored") {
      service.manager = { failures: 0 };
      return;
    }
    const isAway =
      this.faults.isDown(guest.node) || isBooting(this.world, guest.node);
    if (isAway || !this.#settled(service)) return;
    if (manager.state === "error" && state !== "disabled") return;
    const wanted = state === "started" ? "running" : "stopped";
    if (manager.move) this.#move(service, guest);
    else if (guest.status === wanted) {
      const reached = state === "started" ? "started" : "stopped";
      service.manager = { state: reached, failures: 0 };
    } else this.#work(service, guest, state === "started" ? "start" : "stop");
  }

  /** Whether its last worker is done, and may be followed by another one. */
  #settled({ manager, max_restart = maxRestart }: Service): boolean {
    if (manager.task === undefined) return true;
    const task = this.world.tasks.get(manager.task);
    if (task && !task.endtime) return false;
    manager.task = undefined;
    const failed = task?.exitstatus && !/^(OK|WARNINGS)/.test(task.exitstatus);
    if (!failed) return true;
    if (task.type === "qmigrate") {
      manager.move = undefined;
      return true;
    }
    if (++manager.failures > max_restart) manager.state = "error";
    return true;
  }

  #move(service: Service, guest: Guest): void {
    const { manager } = service;
    const { target, online } = manager.move ?? { target: "", online: false };
    const isRunning = guest.status === "running";
    if (guest.node === target) {
      manager.move = undefined;
      return;
    }
    if (isRunning && !online) {
      this.#work(service, guest, "stop");
      return;
    }
    manager.state = online ? "migrate" : "relocate";
    manager.task = this.tasks.start({
      ...workerOf(guest, "qmigrate"),
      check: "migration-begun",
      effect: "migrated",
      failure: "migration-ended",
      args: {
        cluster: guest.cluster,
        vmid: guest.vmid,
        target,
        online: isRunning,
        withLocalDisks: true,
        storages: {},
      },
    });
  }

  #work(service: Service, guest: Guest, what: "start" | "stop"): void {
    const { manager } = service;
    const args = { cluster: guest.cluster, vmid: guest.vmid };
    if (what === "start") {
      manager.state = "request_start";
      manager.task = this.tasks.start({
        ...workerOf(guest, "qmstart"),
        check: "startable",
        effect: "powered-on",
        args,
      });
      return;
    }
    manager.state ??= "started";
    if (manager.move === undefined) manager.state = "request_stop";
    const { stopTimeout = forcedStopSeconds } = manager;
    const isDeaf =
      stopTimeout > 0 &&
      this.faults.hit(["ignores-shutdown"], guest.node, `${guest.vmid}`);
    manager.task = this.tasks.start({
      ...workerOf(guest, stopTimeout > 0 ? "qmshutdown" : "qmstop"),
      check: "stoppable",
      effect: "powered-off",
      args,
      ...(isDeaf ? { durationMs: stopTimeout * 1_000 } : {}),
    });
  }
}

function workerOf({ node, cluster, vmid }: Guest, type: string) {
  const user = "root@pam";
  return { node, cluster, type, id: vmid, user, locks: vmid, waits: true };
}
