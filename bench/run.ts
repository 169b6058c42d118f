import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Census, count, present } from "./census";
import { type BenchLab, startLab } from "./lab";
import type { Options } from "./options";
import type { Figures, Result } from "./report";
import { type Run, Stack } from "./stack";
import { clientOf, findPlace, targetFromEnvironment } from "./target";

export interface Outcome {
  result: Result;
  /** Whether every run of Pulumi came to its end and left nothing. */
  sound: boolean;
}

const countTimeoutMs = 120_000;
const shownLines = 25;

/** Makes, refreshes and destroys the guests, and counts what that takes and leaves. */
export async function bench(options: Options): Promise<Outcome> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), "hybrid-bench-"));
  const lab = options.endpoint ? undefined : await startLab(directory, options);
  const stack = new Stack(directory);
  let sound = false;
  try {
    const outcome = await phases(options, stack, lab);
    sound = outcome.sound;
    return outcome;
  } finally {
    await lab?.close();
    // On an endpoint only this state knows what is still there.
    if (stack.begun && !sound && !lab) {
      console.error(`Guests may be left. To remove them: ${stack.removal}`);
    } else rmSync(directory, { recursive: true, force: true });
  }
}

async function phases(
  options: Options,
  stack: Stack,
  lab: BenchLab | undefined,
): Promise<Outcome> {
  const { vms, parallel, fault } = options;
  const target =
    lab?.target ??
    (await targetFromEnvironment(options.endpoint ?? "", process.env));
  const client = clientOf(target);
  const session = () => client.session(AbortSignal.timeout(countTimeoutMs));
  try {
    const before = await present(session());
    const place = await findPlace(session(), options.template);
    await stack.create(target, place, vms);
    const census = async () => count(session(), before, await stack.known());
    const flags = ["--yes", `--parallel=${parallel}`];
    const measure = async (what: string, ...words: string[]) => {
      const requests = lab?.requests() ?? 0;
      const run = await stack.run(...words, ...flags);
      console.error(`${what}: ${run.seconds.toFixed(1)} s`);
      return {
        ...run,
        requests: lab && lab.requests() - requests,
      };
    };
    const judged = options.policy ? stack.policies : [];
    const up = ["up", "--skip-preview", ...judged];

    if (fault) lab?.bend(fault);
    const applies = [await measure("apply", ...up)];
    if (fault && applies[0]?.code !== 0) {
      applies.push(await measure("apply again", ...up));
    }
    lab?.mend();
    const made = await census();
    const refresh = await measure("refresh", "refresh", "--skip-preview");
    const destroy = await measure("destroy", "destroy", "--skip-preview");
    const left = [await census()];
    const runs = [...applies.slice(-1), refresh, destroy];
    let withPreview: Measured | undefined;
    // Faults are about what is completed; the figures are those of a sound run.
    if (!fault) {
      withPreview = await measure("apply with preview", "up", ...judged);
      runs.push(withPreview);
      runs.push(await measure("destroy", "destroy", "--skip-preview"));
      left.push(await census());
    }
    const failed = runs.filter(({ code }) => code !== 0);
    for (const { output } of failed) explain(output);
    const orphans = new Set([made, ...left].flatMap(orphansOf));
    return {
      sound:
        failed.length === 0 && made.completed === vms && orphans.size === 0,
      result: {
        vms,
        parallel,
        apply: figures(vms, applies),
        applyWithPreview: withPreview ? figures(vms, [withPreview]) : null,
        refresh: figures(vms, [refresh]),
        destroy: figures(vms, [destroy]),
        completed: made.completed,
        orphans: orphans.size,
        faults: lab ? lab.fired() : null,
      },
    };
  } finally {
    await client.close();
  }
}

type Measured = Run & { requests: number | undefined };

/** Of runs that do one piece of work together. */
function figures(vms: number, runs: readonly Measured[]): Figures {
  const total = (key: "seconds" | "requests" | "cpuSeconds") =>
    runs.reduce<number | null>((sum, { [key]: value }) => {
      return sum === null || value === null || value === undefined
        ? null
        : sum + value;
    }, 0);
  const peak = Math.max(...runs.map(({ rssMiB }) => rssMiB ?? -1));
  const requests = total("requests");
  const cpuSeconds = total("cpuSeconds");
  return {
    seconds: rounded(total("seconds") ?? 0, 2),
    requestsPerVm: requests === null ? null : rounded(requests / vms, 2),
    cpuSeconds: cpuSeconds === null ? null : rounded(cpuSeconds, 2),
    rssMiB: peak < 0 ? null : rounded(peak, 0),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function orphansOf({ orphans }: Census): number[] {
  return orphans;
}

function explain(output: string): void {
  console.error(output.trim().split("\n").slice(-shownLines).join("\n"));
}
