import type { Effect, NewTask, Tasks } from "./tasks";
import type { Guest, Node, World } from "./world";

/** How long a node is away when it reboots, unless told otherwise. */
export const defaultBootMs = 2_000;

/** A node's end: its workers die without a word, and its guests with it. */
export function powerOffNode(world: World, node: Node, tasks?: Tasks): void {
  for (const task of world.tasks.values()) {
    if (task.node !== node.name || task.endtime) continue;
    if (tasks) tasks.kill(task, "node");
    else {
      task.endtime = Math.floor(Date.now() / 1000);
      task.exitstatus = "unexpected status";
      task.locks = undefined;
      world.save("tasks", task);
    }
  }
  for (const guest of world.guests.values()) {
    if (guest.node !== node.name || guest.status === "stopped") continue;
    guest.status = "stopped";
    guest.paused = undefined;
    world.save("guests", guest);
  }
}

/** Brings rebooting nodes back, and starts their guests that are to start at boot. */
export class NodeBoots {
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly world: World,
    private readonly tasks: Tasks,
  ) {
    for (const node of world.nodes.values()) {
      if (node.bootsAt !== undefined) this.schedule(node);
    }
  }

  schedule({ name, bootsAt = 0 }: Node): void {
    const timer = setTimeout(
      () => this.#boot(name, bootsAt),
      Math.max(0, bootsAt - Date.now()),
    ).unref();
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #boot(name: string, at: number): void {
    const node = this.world.nodes.get(name);
    // One that was rebooted again meanwhile is up later.
    if (node === undefined || node.bootsAt !== at) return;
    node.bootsAt = undefined;
    this.world.save("nodes", node);
    const { cluster, config = {} } = node;
    this.tasks.start({
      node: name,
      cluster,
      user: "root@pam",
      type: "startall",
      id: "",
      // In real seconds, as everything that PVE is told in them.
      leastMs: Number(config["startall-onboot-delay"] ?? 0) * 1_000,
      effect: "onboot-started",
      args: { cluster },
    });
  }
}

/** What pve-guests.service does when its delay is over. */
export function bootEffects(
  startTask: (request: NewTask) => string,
): Record<string, Effect> {
  return {
    "onboot-started": (world, { node }, args) => {
      const cluster = String(args.cluster);
      for (const { vmid } of onBootGuests(world, cluster, node)) {
        startTask({
          node,
          cluster,
          user: "root@pam",
          type: "qmstart",
          id: vmid,
          locks: vmid,
          waits: true,
          check: "startable",
          effect: "powered-on",
          args: { cluster, vmid },
        });
      }
    },
  };
}

function onBootGuests(world: World, cluster: string, node: string): Guest[] {
  const order = (value: unknown) =>
    Number(/(?:^|order=)(\d+)/.exec(String(value ?? ""))?.[1] ?? Infinity);
  return [...world.guests.values()]
    .filter(
      ({ node: on, config, vmid }) =>
        on === node &&
        Number(config.onboot ?? 0) === 1 &&
        Number(config.template ?? 0) !== 1 &&
        // The HA manager starts its own.
        !world.services.has(`${cluster}/vm:${vmid}`),
    )
    .sort((left, right) => {
      const [one, other] = [left, right].map(({ config }) =>
        order(config.startup),
      );
      return one === other ? left.vmid - right.vmid : (one ?? 0) - (other ?? 0);
    });
}
