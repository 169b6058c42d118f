import { Failure } from "./failure";
import type { Faults } from "./faults";
import { GuestLocks } from "./guest-locks";
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
  /** The worker waits for the guest's lock itself, and fails without it. */
  waits?: boolean;
  /** What it finds out once it has the lock, by an effect's name. */
  check?: string;
  effect: string;
  args?: Record<string, unknown>;
  /** Undoes what the start has done, by an effect's name. */
  failure?: string;
  durationMs?: number;
  /** Of one that copies with a limited bandwidth. */
  leastMs?: number;
  /** A worker that takes longer ends then, with this error. */
  limit?: { ms: number; message: string };
}

export type Durations = number | Record<string, number>;

/** qemu-server waits 10 s for a guest's configuration lock. */
const lockWaitMs = 10_000;
const kept = 5_000;
const defaultMs = 200;

/** Workers: each has a UPID, runs for a while, and ends with an exit status. */
export class Tasks {
  readonly #locks = new GuestLocks();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #ended: Task[] = [];
  #serial = 4_096;

  constructor(
    private readonly world: World,
    private readonly faults: Faults,
    private readonly durations: Durations,
    private readonly effects: Record<string, Effect>,
  ) {
    const known = [...world.tasks.values()].sort(
      (left, right) => left.begunAt - right.begunAt,
    );
    world.tasks.clear();
    for (const task of known) {
      world.tasks.set(task.upid, task);
      this.#serial = Math.max(this.#serial, pidOf(task));
      if (task.endtime) this.#ended.push(task);
      else if (task.waitsUntil) this.#wait(task);
      else this.#run(task);
    }
  }

  start(request: NewTask): string {
    const now = Date.now();
    const { node, cluster, type, user } = request;
    const id = String(request.id);
    const pid = hex(++this.#serial, 8);
    const upid = `UPID:${node}:${pid}:${hex(Math.floor(now / 10) % 0xffffffff, 8)}:${hex(Math.floor(now / 1000), 8)}:${type}:${id}:${user}:`;
    const slow = this.faults.hit(["slow-task"], node, type)?.ms ?? 0;
    const { check, failure, effect, args, limit, leastMs = 0 } = request;
    const usualMs = request.durationMs ?? this.#durationOf(type);
    const wantedMs = Math.max(usualMs, leastMs) + slow;
    const durationMs = Math.min(wantedMs, limit?.ms ?? wantedMs);
    const overdue = durationMs < wantedMs ? limit?.message : undefined;
    const task: Task = {
      upid,
      node,
      cluster,
      type,
      id,
      user,
      starttime: Math.floor(now / 1000),
      begunAt: now,
      endsAt: now + durationMs,
      durationMs,
      locks: request.locks,
      effect: { name: effect, args: { ...args, check, failure, overdue } },
      log: [`${type} ${id}: started`],
    };
    if (request.waits) {
      task.waitsUntil = now + lockWaitMs;
      this.world.save("tasks", task);
      this.#wait(task);
    } else {
      this.world.save("tasks", task);
      this.#run(task);
    }
    return upid;
  }

  /** Kills a worker, as a signal does, or (`node`) as its node's end does. */
  kill(task: Task, by: "signal" | "node"): void {
    if (task.endtime) return;
    if (by === "node") this.#finish(task, "unexpected status");
    else this.#fail(task, "received interrupt");
  }

  /** Until no worker holds the guest's lock, or as qemu-server gives up. */
  async unlocked(
    cluster: string,
    vmid: number,
    waitMs = lockWaitMs,
  ): Promise<void> {
    if (await this.#locks.free(`${cluster}/${vmid}`, waitMs)) return;
    throw new Failure(500, lockMessage(vmid));
  }

  /** Nothing runs any more; what is not done is done by the next start. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #durationOf(type: string): number {
    if (typeof this.durations === "number") return this.durations;
    return this.durations[type] ?? this.durations.default ?? defaultMs;
  }

  #wait(task: Task): void {
    const key = `${task.cluster}/${task.locks}`;
    const waitMs = (task.waitsUntil ?? 0) - Date.now();
    this.#locks.take(key, task.upid, waitMs, (had) => {
      if (task.endtime) return this.#locks.release(key, task.upid);
      task.waitsUntil = undefined;
      if (!had) return this.#fail(task, lockMessage(task.locks));
      task.endsAt = Date.now() + task.durationMs;
      const check = task.effect.args.check as string | undefined;
      try {
        if (check) this.effects[check]?.(this.world, task, task.effect.args);
      } catch (error) {
        return this.#fail(task, (error as Error).message);
      }
      this.world.save("tasks", task);
      this.#run(task);
    });
  }

  #run(task: Task): void {
    if (task.locks !== undefined) {
      this.#locks.hold(`${task.cluster}/${task.locks}`, task.upid);
    }
    const timer = setTimeout(
      () => this.#end(task),
      Math.max(0, task.endsAt - Date.now()),
    );
    this.#timers.set(task.upid, timer.unref());
  }

  #end(task: Task): void {
    const { name, args } = task.effect;
    const hit = (kind: "task-fail" | "task-warnings" | TaskLock) =>
      this.faults.hit([kind], task.node, task.type);
    try {
      if (hit("task-fail")) throw new Error("command failed: exit code 1");
      if (hit("task-lock-timeout")) throw new Error(lockMessage(task.id));
      if (hit("storage-lock-timeout")) {
        throw new Error(
          `cfs-lock 'storage-${args.storage ?? "local"}' error: got lock request timeout`,
        );
      }
      if (args.overdue) throw new Error(String(args.overdue));
      this.effects[name]?.(this.world, task, args);
    } catch (error) {
      this.#fail(task, (error as Error).message);
      return;
    }
    const warned = hit("task-warnings");
    if (warned) task.log.push("WARN: something is not as it should be");
    const late = this.faults.hit(["late-log"], task.node, task.type);
    if (late) task.flushedAt = Date.now() + (late.ms ?? 0);
    task.log.push(warned ? "TASK WARNINGS: 1" : "TASK OK");
    this.#finish(task, warned ? "WARNINGS: 1" : "OK");
  }

  #fail(task: Task, message: string): void {
    const { args } = task.effect;
    const undo = args.failure as string | undefined;
    if (undo) this.effects[undo]?.(this.world, task, args);
    task.log.push(`TASK ERROR: ${message}`);
    this.#finish(task, message);
  }

  #finish(task: Task, exitstatus: string): void {
    clearTimeout(this.#timers.get(task.upid));
    this.#timers.delete(task.upid);
    task.exitstatus = exitstatus;
    task.endtime = Math.floor(Date.now() / 1000);
    const lock = task.locks;
    task.locks = undefined;
    task.waitsUntil = undefined;
    this.world.save("tasks", task);
    this.#ended.push(task);
    for (const old of this.#ended.splice(0, this.#ended.length - kept)) {
      this.world.remove("tasks", old);
    }
    this.world.flush();
    if (lock !== undefined)
      this.#locks.release(`${task.cluster}/${lock}`, task.upid);
  }
}

type TaskLock = "task-lock-timeout" | "storage-lock-timeout";

function lockMessage(vmid: number | string | undefined): string {
  return `can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`;
}

function pidOf({ upid }: Task): number {
  return Number.parseInt(upid.split(":")[2] ?? "0", 16);
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, "0");
}
