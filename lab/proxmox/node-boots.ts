import type { Tasks } from "./tasks";
import type { Node, World } from "./world";

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
    const { cluster } = node;
    const user = "root@pam";
    const common = { node: name, cluster, user };
    this.tasks.start({
      ...common,
      type: "startall",
      id: "",
      effect: "nothing",
    });
    const order = (value: unknown) =>
      Number(/(?:^|order=)(\d+)/.exec(String(value ?? ""))?.[1] ?? Infinity);
    const guests = [...this.world.guests.values()]
      .filter(
        ({ node: on, config, vmid }) =>
          on === name &&
          Number(config.onboot ?? 0) === 1 &&
          Number(config.template ?? 0) !== 1 &&
          // The HA manager starts its own.
          !this.world.services.has(`${cluster}/vm:${vmid}`),
      )
      .sort((left, right) => {
        const [one, other] = [left, right].map(({ config }) =>
          order(config.startup),
        );
        return one === other
          ? left.vmid - right.vmid
          : (one ?? 0) - (other ?? 0);
      });
    for (const { vmid } of guests) {
      this.tasks.start({
        ...common,
        type: "qmstart",
        id: vmid,
        locks: vmid,
        waits: true,
        check: "startable",
        effect: "powered-on",
        args: { cluster, vmid },
      });
    }
  }
}
