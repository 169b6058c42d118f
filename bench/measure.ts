import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface Cost {
  /** Of the process and all below it; null where there is no /proc. */
  cpuSeconds: number | null;
  /** The peak of their summed resident memory. */
  rssMiB: number | null;
}

interface Process {
  parent: number;
  /** User and system time of its own, in clock ticks. */
  ticks: number;
  /** And of the children that it has waited for. */
  waitedTicks: number;
  /** Tells it from a later process with the same id. */
  started: string;
  pages: number;
}

const intervalMs = 200;
const mebibyte = 2 ** 20;

/** Watches the process `pid`, a child of this one, and its descendants until `stop`. */
export function watchTree(pid: number): { stop(): Cost } {
  if (!existsSync("/proc/self/stat")) {
    return { stop: () => ({ cpuSeconds: null, rssMiB: null }) };
  }
  const waitedBefore = waitedFor();
  const seen = new Map<number, Process>();
  let peakPages = 0;
  const sample = () => {
    const living = descendants(pid, seen);
    const pages = [...living.values()].reduce(
      (sum, item) => sum + item.pages,
      0,
    );
    peakPages = Math.max(peakPages, pages);
    for (const [id, process] of living) seen.set(id, process);
  };
  sample();
  const timer = setInterval(sample, intervalMs);
  return {
    stop: () => {
      clearInterval(timer);
      // A process that nobody waits for counts only by what was sampled of it.
      const sampled = [...seen.values()].reduce(
        (sum, item) => sum + item.ticks,
        0,
      );
      const ticks = Math.max(waitedFor() - waitedBefore, sampled);
      return {
        cpuSeconds: ticks / systemValue("CLK_TCK"),
        rssMiB: (peakPages * systemValue("PAGESIZE")) / mebibyte,
      };
    },
  };
}

/** Of `pid`, and also those whose parent has ended meanwhile. */
function descendants(
  pid: number,
  seen: ReadonlyMap<number, Process>,
): Map<number, Process> {
  const all = new Map<number, Process>();
  for (const name of readdirSync("/proc")) {
    const process = /^\d+$/.test(name) ? readProcess(name) : undefined;
    if (process) all.set(Number(name), process);
  }
  const found = new Map<number, Process>();
  const belongs = (id: number, process: Process): boolean => {
    if (id === pid || found.has(id)) return true;
    if (seen.get(id)?.started === process.started) return true;
    const parent = all.get(process.parent);
    return parent !== undefined && belongs(process.parent, parent);
  };
  for (const [id, process] of all) {
    if (belongs(id, process)) found.set(id, process);
  }
  return found;
}

function waitedFor(): number {
  return readProcess("self")?.waitedTicks ?? 0;
}

/** proc_pid_stat(5); undefined: it has ended. */
function readProcess(pid: string): Process | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command's name may hold blanks and parentheses; the third field follows it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (field: number) => Number(fields[field - 3]);
  return {
    parent: number(4),
    ticks: number(14) + number(15),
    waitedTicks: number(16) + number(17),
    started: fields[22 - 3] ?? "",
    pages: number(24),
  };
}

function systemValue(name: string): number {
  return Number(execFileSync("getconf", [name], { encoding: "utf8" }));
}
