import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { root } from "../lab/paths";
import type { Options } from "./options";

const figures = z.object({
  seconds: z.number(),
  requestsPerVm: z.number().nullable(),
  cpuSeconds: z.number().nullable(),
  rssMiB: z.number().nullable(),
});

const result = z.object({
  vms: z.number(),
  parallel: z.number(),
  apply: figures,
  /** Null where a fault was set, and with tools that have no such thing. */
  applyWithPreview: figures.nullable(),
  refresh: figures,
  destroy: figures,
  completed: z.number().nullable(),
  orphans: z.number().nullable(),
  faults: z.number().nullable(),
});

export type Figures = z.output<typeof figures>;
export type Result = z.output<typeof result>;

const phases = {
  apply: "apply",
  applyWithPreview: "apply with preview",
  refresh: "refresh, no change",
  destroy: "destroy",
} as const;

const rows: [keyof Figures, string, digits: number][] = [
  ["seconds", "seconds", 1],
  ["requestsPerVm", "requests per VM", 1],
  ["cpuSeconds", "CPU seconds", 1],
  ["rssMiB", "memory, MiB", 0],
];

const gibibyte = 2 ** 30;
const markers = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;

/** The last line of what a bench has printed. */
export function readResult(text: string, name: string): Result {
  const line = text.trim().split("\n").at(-1) ?? "";
  try {
    return result.parse(JSON.parse(line));
  } catch (error) {
    throw new Error(
      `Unable to read result "${name}": ${(error as Error).message}. Give it the last line of a bench.`,
    );
  }
}

/** Figure by figure. */
export function median(results: readonly Result[]): Result {
  const [first] = results;
  if (first === undefined) throw new Error("there are no results");
  const middle = (values: (number | null | undefined)[]) => {
    const numbers = values.filter((value) => typeof value === "number");
    return (
      numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? null
    );
  };
  const phase = (name: keyof typeof phases): Figures => ({
    seconds: middle(results.map((item) => item[name]?.seconds)) ?? 0,
    requestsPerVm: middle(results.map((item) => item[name]?.requestsPerVm)),
    cpuSeconds: middle(results.map((item) => item[name]?.cpuSeconds)),
    rssMiB: middle(results.map((item) => item[name]?.rssMiB)),
  });
  return {
    ...first,
    apply: phase("apply"),
    applyWithPreview: first.applyWithPreview && phase("applyWithPreview"),
    refresh: phase("refresh"),
    destroy: phase("destroy"),
    // What went wrong in one of them is not to be lost in the middle.
    completed: Math.min(...results.map(({ completed }) => completed ?? 0)),
    orphans: Math.max(...results.map(({ orphans }) => orphans ?? 0)),
  };
}

/** In Markdown, which reads well on a terminal too. */
export function table(ours: Result, peer?: Result): string {
  const names = Object.keys(phases) as (keyof typeof phases)[];
  const shown = names.filter((name) => ours[name]);
  const cells = rows.flatMap(([key, title, digits]) => {
    const row = (whose: string, from: Result) => [
      `${title}${whose}`,
      ...shown.map((name) => from[name]?.[key]?.toFixed(digits) ?? "-"),
    ];
    return peer ? [row("", ours), row(" (peer)", peer)] : [row("", ours)];
  });
  const head = [`${ours.vms} VMs`, ...shown.map((name) => phases[name])];
  const width = (column: number) =>
    Math.max(...[head, ...cells].map((line) => line[column]?.length ?? 0));
  const line = (texts: string[]) =>
    `| ${texts.map((text, column) => (column === 0 ? text.padEnd(width(0)) : text.padStart(width(column)))).join(" | ")} |`;
  const rule = `| ${head.map((_, column) => (column === 0 ? "-".repeat(width(0)) : `${"-".repeat(width(column) - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...cells.map(line)].join("\n");
}

export function writeReadme(
  { latency, task, parallel }: Options,
  ours: Result,
  peer?: Result,
  file = join(root, "README.md"),
): void {
  const text = readFileSync(file, "utf8");
  if (!markers.test(text)) {
    throw new Error(
      `Unable to write figures into "${file}": it has no <!-- bench --> and <!-- /bench -->. Put them where the table shall stand.`,
    );
  }
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / gibibyte)} GiB`;
  const when = new Date().toISOString().slice(0, 10);
  const block = [
    table(ours, peer),
    "",
    `Median of three runs with ${latency} ms a request, ${task} ms a task and ${parallel} operations`,
    `at once, on ${machine}, at ${commit()} on ${when}.`,
    "",
  ].join("\n");
  writeFileSync(
    file,
    text.replace(
      markers,
      (_all, start: string, end: string) => `${start}\n${block}${end}`,
    ),
  );
}

function commit(): string {
  const git = (...words: string[]) =>
    execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no");
    return `commit ${git("rev-parse", "--short", "HEAD")}${changed ? " with changes" : ""}`;
  } catch {
    return "an unknown commit";
  }
}
