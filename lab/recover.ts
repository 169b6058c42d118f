import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labDirectory, stack, stateDirectory } from "./paths";
import { runPulumi } from "./pulumi";

const folder = join(stateDirectory, ".pulumi");

interface Deployment {
  deployment: { pending_operations?: unknown[] };
}

const pollMs = 250;

/**
 * Clears what an engine that was killed has left: its lock, and operations it
 * never ended. A command that needs the lock waits for the end of one that lives.
 */
export async function recover(needsLock = false): Promise<void> {
  for (let told = false; needsLock; told = true) {
    const pid = livingEngine();
    if (pid === undefined) break;
    if (!told) {
      console.error(`Another run (process ${pid}) is at work: waiting...`);
    }
    await sleep(pollMs);
  }
  const held = removeDeadLocks();
  // What is pending is then another run's, and at work.
  if (held) return;
  if (!hasPending()) return;
  const file = join(labDirectory, "interrupted.json");
  await run(["stack", "export", "--file", file]);
  const exported = JSON.parse(readFileSync(file, "utf8")) as Deployment;
  const count = exported.deployment.pending_operations?.length ?? 0;
  if (count === 0) return rmSync(file);
  // Our creates look for what an earlier one left, so there is nothing to lose.
  exported.deployment.pending_operations = [];
  writeFileSync(file, JSON.stringify(exported), { mode: 0o600 });
  await run(["stack", "import", "--file", file]);
  rmSync(file);
  console.error(
    `An earlier run was cut short: ${count} unfinished operation${count === 1 ? "" : "s"} will be taken up again.`,
  );
}

/** The engine moves the checkpoint aside before it writes the next: a kill may leave only that. */
function hasPending(): boolean {
  const checkpoint = join(folder, "stacks", "hybrid-site", `${stack}.json`);
  const last = [checkpoint, `${checkpoint}.bak`].find(existsSync);
  return (
    last !== undefined &&
    /"pending_operations": ?\[\s*\{/.test(readFileSync(last, "utf8"))
  );
}

interface Lock {
  file: string;
  pid: number;
  hostname: string;
}

function locks(): Lock[] {
  const place = join(folder, "locks", "organization", "hybrid-site", stack);
  if (!existsSync(place)) return [];
  // Beside each lies its ".attrs", which is left when the lock goes.
  const names = readdirSync(place).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => {
    const file = join(place, name);
    try {
      const lock = JSON.parse(readFileSync(file, "utf8")) as Omit<Lock, "file">;
      return [{ file, ...lock }];
    } catch {
      // Released since, or not yet written whole.
      return [];
    }
  });
}

/** The process of an engine of this machine that holds the stack. */
export function livingEngine(): number | undefined {
  return locks().find((lock) => lock.hostname === hostname() && alive(lock.pid))
    ?.pid;
}

/** Whether a living one is left. */
function removeDeadLocks(): boolean {
  let held = false;
  for (const { file, pid, hostname: machine } of locks()) {
    if (machine !== hostname() || alive(pid)) {
      held = true;
      continue;
    }
    rmSync(file);
    console.error(
      `An earlier run (process ${pid}) has ended without releasing the stack: released.`,
    );
  }
  return held;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function run(args: string[]): Promise<void> {
  const { code, output } = await runPulumi(args, "capture");
  if (code !== 0)
    throw new Error(
      `Unable to run pulumi ${args.slice(0, 2).join(" ")}: ${output.trim()}`,
    );
}
