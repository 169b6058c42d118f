import { setTimeout as sleep } from "node:timers/promises";
import { die } from "./failure";
import type { Faults } from "./faults";
import type { Task, World } from "./world";

/** What a task does when its time is up; throws to end it with an error. */
export type Effect = (
  world: World,
  task: Task,
  args: Record<string, unknown>,
) => void;

export interface NewTask {
  node: string;
  cluster: string;
  type: string;
  id: string | number;
  user: string;
  locks?: number;
  effect: string;
  args?: Record<string, unknown>;
  /** Undoes what the start has done, by an effect's name. */
  failure?: string;
  durationMs?: number;
}

/** qemu-server waits 10 s for a guest's configuration lock. */
const lockWaitMs = 10_000;
const kept = 500;

/** Workers: each has a UPID, runs for a while, and ends with an exit status. */
export class Tasks {
  readonly #effects: Record<string, Effect>;
  #serial = 4_096;

  constructor(
    private readonly world: World,
    private readonly faults: Faults,
    private readonly taskMs: number,
    effects: Record<string, Effect>,
  ) {
    this.#effects = effects;
    for (const task of world.tasks.values()) this.#schedule(task);
  }

  start(request: NewTask): string {
    const now = Date.now();
    const { node, cluster, type, user } = request;
    const id = String(request.id);
    const pid = hex(++this.#serial, 8);
    const upid = `UPID:${node}:${pid}:${hex(Math.floor(now / 10) % 0xffffffff, 8)}:${hex(Math.floor(now / 1000), 8)}:${type}:${id}:${user}:`;
    const slow = this.faults.hit(["slow-task"], node, type)?.ms ?? 0;
    const task: Task = {
      upid,
      node,
      cluster,
      type,
      id,
      user,
      starttime: Math.floor(now / 1000),
      endsAt: now + (request.durationMs ?? this.taskMs) + slow,
      locks: request.locks,
      effect: {
        name: request.effect,
        args: { ...request.args, failure: request.failure },
      },
      log: [`${type} ${id}: started`],
    };
    this.world.save("tasks", task);
    this.#schedule(task);
    this.#forgetOld();
    return upid;
  }

  running(): Task[] {
    return [...this.world.tasks.values()].filter(({ endtime }) => !endtime);
  }

  /** Until no worker holds the guest's lock, or as qemu-server gives up. */
  async unlocked(
    cluster: string,
    vmid: number,
    waitMs = lockWaitMs,
  ): Promise<void> {
    const end = Date.now() + waitMs;
    for (;;) {
      const holder = this.running().find(
        (task) => task.cluster === cluster && task.locks === vmid,
      );
      if (holder === undefined) return;
      if (Date.now() >= end) {
        throw die(
          `can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`,
        );
      }
      await sleep(Math.max(1, Math.min(50, holder.endsAt - Date.now() + 1)));
    }
  }

  #schedule(task: Task): void {
    if (task.endtime) return;
    setTimeout(
      () => this.#end(task),
      Math.max(0, task.endsAt - Date.now()),
    ).unref();
  }

  #end(task: Task): void {
    const { name, args } = task.effect;
    const failed = this.faults.hit(["task-fail"], task.node, task.type);
    const warned = this.faults.hit(["task-warnings"], task.node, task.type);
    try {
      if (failed) throw new Error("command failed: exit code 1");
      this.#effects[name]?.(this.world, task, args);
      task.exitstatus = warned ? "WARNINGS: 1" : "OK";
      task.log.push(
        warned ? "WARN: something is not as it should be" : "TASK OK",
      );
    } catch (error) {
      const message = (error as Error).message;
      const undo = args.failure as string | undefined;
      if (undo) this.#effects[undo]?.(this.world, task, args);
      task.exitstatus = message;
      task.log.push(`TASK ERROR: ${message}`);
    }
    task.endtime = Math.floor(Date.now() / 1000);
    task.locks = undefined;
    this.world.save("tasks", task);
  }

  #forgetOld(): void {
    const ended = [...this.world.tasks.values()].filter(
      ({ endtime }) => endtime,
    );
    for (const task of ended.slice(0, Math.max(0, ended.length - kept))) {
      this.world.remove("tasks", task);
    }
  }
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, "0");
}
