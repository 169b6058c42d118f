import { setTimeout as sleep } from "node:timers/promises";
import { path } from "./encoding";
import { ProxmoxError, TaskError } from "./errors";
import type { Call } from "./transport";

type Get = <T>(call: Pick<Call, "path" | "params" | "signal">) => Promise<T>;

interface Waiter {
  upid: string;
  startedAt: number;
  /** How often it was looked at. */
  looks: number;
  delayMs: number;
  due: number;
  /** Since when it is said to have ended without a status. */
  doubtedAt?: number;
  done(exitStatus: string): void;
}

interface ListedTask {
  upid: string;
  endtime?: number;
  status?: string;
}

const firstDelayMs = 60;
const longestDelayMs = 1_500;
/** Of a worker that was killed, and of one whose last line is not in its log yet. */
const noStatus = "unexpected status";
const flushMs = 1_000;
const growth = 1.6;
/** After a first look that came too early, in parts of what such a task takes. */
const secondLook = 0.15;
/** So that a typical duration that became shorter is found out. */
const shrink = 0.97;
const logLines = 5;
const logTimeoutMs = 3_000;
const listLimit = 500;
/** A task that the list does not show by then is asked for by itself. */
const looksInList = 3;

/**
 * Waits for tasks (UPIDs). It first asks when the last task of that type was
 * over, then ever less often; tasks of one node that wait together share one
 * list instead of a request each.
 */
export class Tasks {
  readonly #nodes = new Map<string, Set<Waiter>>();
  /** Milliseconds by type of task. */
  readonly #typical = new Map<string, number>();

  constructor(private readonly get: Get) {}

  /** The warnings of a task that ended with "WARNINGS: n", which is a success. */
  async wait(
    upid: string,
    what: string,
    signal: AbortSignal,
  ): Promise<{ warnings: string[] }> {
    let exitStatus: string;
    try {
      exitStatus = await this.#exitStatus(upid, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      const log = await this.#log(upid);
      const why = signal.reason instanceof Error ? signal.reason.message : "";
      throw new TaskError(what, upid, `still running: ${why}`, log);
    }
    if (exitStatus === "OK") return { warnings: [] };
    const log = await this.#log(upid);
    if (/^WARNINGS: \d+$/.test(exitStatus)) return { warnings: log };
    throw new TaskError(what, upid, exitStatus, log);
  }

  #exitStatus(upid: string, signal: AbortSignal): Promise<string> {
    const node = nodeOf(upid);
    return new Promise((resolve, reject) => {
      const typical = this.#typical.get(typeOf(upid));
      const now = Date.now();
      const waiter: Waiter = {
        upid,
        startedAt: now,
        looks: 0,
        delayMs: typical ? typical * secondLook : firstDelayMs,
        due: now + Math.min(longestDelayMs, typical ?? firstDelayMs),
        done: (exitStatus) => {
          this.#learn(waiter);
          leave();
          resolve(exitStatus);
        },
      };
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      const leave = () => {
        this.#nodes.get(node)?.delete(waiter);
        signal.removeEventListener("abort", abort);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      const waiters = this.#nodes.get(node);
      if (waiters && waiters.size > 0) {
        waiters.add(waiter);
        return;
      }
      const first = new Set([waiter]);
      this.#nodes.set(node, first);
      void this.#poll(node, first);
    });
  }

  #learn({ upid, startedAt, looks }: Waiter): void {
    const took = Date.now() - startedAt;
    this.#typical.set(typeOf(upid), looks === 0 ? took * shrink : took);
  }

  async #poll(node: string, waiters: Set<Waiter>): Promise<void> {
    while (waiters.size > 0) {
      const next = Math.min(...[...waiters].map(({ due }) => due));
      await sleep(Math.max(0, next - Date.now()));
      const now = Date.now();
      const due = [...waiters].filter((waiter) => waiter.due <= now);
      const [only] = due;
      if (only && waiters.size === 1) await this.#askOne(node, only);
      else if (only) await this.#askAll(node, waiters);
      for (const waiter of due) {
        waiter.looks++;
        waiter.due = Date.now() + waiter.delayMs;
        waiter.delayMs = Math.min(longestDelayMs, waiter.delayMs * growth);
      }
    }
  }

  async #askOne(node: string, waiter: Waiter): Promise<void> {
    try {
      const task = await this.get<{ status: string; exitstatus?: string }>({
        path: path`/nodes/${node}/tasks/${waiter.upid}/status`,
        signal: AbortSignal.timeout(longestDelayMs * 20),
      });
      if (task.status === "stopped") {
        this.#ended(waiter, task.exitstatus ?? noStatus);
      }
    } catch (error) {
      // Right after the fork the task may not be known yet.
      if (!/no such task/.test(String(error))) {
        if (error instanceof ProxmoxError && error.outcome !== "unknown") {
          waiter.done(`unknown: ${error.message}`);
        }
      }
    }
  }

  #ended(waiter: Waiter, exitStatus: string): void {
    waiter.doubtedAt ??= Date.now();
    const isFlushed = Date.now() - waiter.doubtedAt >= flushMs;
    if (exitStatus !== noStatus || isFlushed) waiter.done(exitStatus);
    else waiter.delayMs = flushMs;
  }

  async #askAll(node: string, waiters: Set<Waiter>): Promise<void> {
    const started = [...waiters].map(({ upid }) => startOf(upid));
    const listed = await this.get<ListedTask[]>({
      path: path`/nodes/${node}/tasks`,
      params: {
        source: "all",
        since: Math.min(...started),
        limit: listLimit,
      },
      signal: AbortSignal.timeout(longestDelayMs * 20),
    }).catch((error: unknown): ListedTask[] => {
      // What will not pass is told, not waited out.
      if (error instanceof ProxmoxError && error.outcome !== "unknown") {
        for (const waiter of [...waiters]) {
          waiter.done(`unknown: ${error.message}`);
        }
      }
      return [];
    });
    const known = new Set(listed.map(({ upid }) => upid));
    const ended = new Map(
      listed
        .filter((task) => task.endtime !== undefined)
        .map((task) => [task.upid, task.status ?? noStatus]),
    );
    for (const waiter of [...waiters]) {
      const status = ended.get(waiter.upid);
      // The list keeps the status that it saw first.
      if (status === noStatus) await this.#askOne(node, waiter);
      else if (status !== undefined) waiter.done(status);
      else if (!known.has(waiter.upid) && waiter.looks > looksInList) {
        await this.#askOne(node, waiter);
      }
    }
  }

  async #log(upid: string): Promise<string[]> {
    try {
      const lines = await this.get<{ t: string }[]>({
        path: path`/nodes/${nodeOf(upid)}/tasks/${upid}/log`,
        params: { limit: listLimit },
        signal: AbortSignal.timeout(logTimeoutMs),
      });
      return lines.slice(-logLines).map(({ t }) => t);
    } catch {
      return [];
    }
  }
}

/** UPID:node:pid:pstart:starttime:type:id:user: */
function nodeOf(upid: string): string {
  return upid.split(":")[1] ?? "";
}

function typeOf(upid: string): string {
  return upid.split(":")[5] ?? "";
}

function startOf(upid: string): number {
  return Number.parseInt(upid.split(":")[4] ?? "0", 16);
}
