import { z } from "zod";
import { Limiter } from "../../limiter";
import type { Machine, Words } from "../client";
import type { DiskPath } from "./disks";
import type { Health } from "./facts";

/** A disk that hangs keeps its caller for minutes: not all others too. */
const answerMs = 20_000;
const atOnce = 4;
/** Not the standard's text, but smartctl's own of both kinds of disks. */
const sleeping = /^Device is in .* mode, exit\(\d+\)$/;
/** The exit code is a sum of bits, and any of them an answer; see smartctl(8). */
const anyCode = Array.from({ length: 256 }, (_, code) => code);
const bits = { unread: 1 + 2, failing: 8, below: 16, test: 128 };

const count = z.number().optional();
const answer = z.object({
  smartctl: z.object({
    exit_status: z.number(),
    messages: z.array(z.object({ string: z.string() })).default([]),
  }),
  smart_status: z.object({ passed: z.boolean() }).optional(),
  ata_smart_attributes: z
    .object({
      table: z.array(
        z.object({
          id: z.number(),
          name: z.string(),
          when_failed: z.string(),
          raw: z.object({ value: z.number() }),
        }),
      ),
    })
    .optional(),
  scsi_grown_defect_list: count,
  scsi_error_counter_log: z
    .record(z.string(), z.object({ total_uncorrected_errors: count }))
    .optional(),
  nvme_smart_health_information_log: z
    .object({ media_errors: count })
    .optional(),
});

/**
 * Of each disk once, also when two ways lead to it. A disk is asked by itself:
 * smartctl takes one, and one that hangs shall not hide the others.
 */
export async function healthOf(
  machine: Machine,
  paths: readonly DiskPath[],
  signal: AbortSignal,
): Promise<Health[]> {
  const disks = new Map<string, DiskPath[]>();
  for (const [index, path] of paths.entries()) {
    const key = path.wwn || `${index}`;
    disks.set(key, [...(disks.get(key) ?? []), path]);
  }
  const limiter = new Limiter();
  const all = [...disks.values()].map((ways) =>
    limiter.run("", atOnce, signal, async () => {
      let health: Health | undefined;
      for (const way of ways) {
        health = await ask(machine, way, signal);
        if (health.state !== "unknown") break;
      }
      return health as Health;
    }),
  );
  return (await Promise.all(all)).sort((a, b) => a.wwn.localeCompare(b.wwn));
}

async function ask(
  machine: Machine,
  { device, wwn, serial }: DiskPath,
  signal: AbortSignal,
): Promise<Health> {
  const words: Words = [
    "smartctl",
    "--json=c",
    "--all",
    "--nocheck=standby",
    `/dev/${device}`,
  ];
  const limit = AbortSignal.timeout(answerMs);
  const options = {
    signal: AbortSignal.any([signal, limit]),
    codes: anyCode,
    looks: true,
  };
  const disk = { wwn, serial };
  try {
    const { code, stdout, stderr } = await machine.run(words, options);
    return { ...disk, ...parseHealth(code, stdout, stderr) };
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    const reason = `it has not answered in ${answerMs / 1_000} s`;
    return { ...disk, state: "unknown", reason };
  }
}

export function parseHealth(
  code: number,
  stdout: string,
  stderr: string,
): Omit<Health, "wwn" | "serial"> {
  const found = answer.safeParse(json(stdout));
  if (!found.success) {
    // Of sudo, of the shell, or of a smartctl that knows no JSON.
    const said = stderr.trim() || stdout.trim() || `it ended with ${code}`;
    const [reason] = said.split("\n");
    return { state: "unknown", reason };
  }
  const { smartctl, smart_status, ...rest } = found.data;
  const said = smartctl.messages.map(({ string }) => string);
  if (said.some((text) => sleeping.test(text))) return { state: "asleep" };
  const has = (bit: number) => (smartctl.exit_status & bit) !== 0;
  if (has(bits.unread)) {
    const reason = said[0] ?? `smartctl ended with ${smartctl.exit_status}`;
    return { state: "unknown", reason };
  }
  const isFailing = smart_status?.passed === false || has(bits.failing);
  const attributes = rest.ata_smart_attributes?.table ?? [];
  const raw = (id: number) =>
    attributes.find((item) => item.id === id)?.raw.value;
  const below = attributes
    .filter(({ when_failed }) => when_failed === "now")
    .map(({ name }) => name);
  const uncorrected = Object.values(rest.scsi_error_counter_log ?? {})
    .map(({ total_uncorrected_errors = 0 }) => total_uncorrected_errors)
    .reduce((sum, errors) => sum + errors, 0);
  return {
    state: isFailing ? "failing" : "good",
    below: has(bits.below) && below.length > 0 ? below : undefined,
    hasFailedTest: has(bits.test) || undefined,
    // 5, 197, 198 and 199 mean the same with every maker.
    defects: (rest.scsi_grown_defect_list ?? raw(5)) || undefined,
    pending: raw(197) || undefined,
    uncorrected:
      uncorrected ||
      rest.nvme_smart_health_information_log?.media_errors ||
      raw(198) ||
      undefined,
    garbled: raw(199) || undefined,
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
