import { existsSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { gnu } from "../../coreutils/gnu";
import type { Call, Tool } from "../../tool";
import { KernelError } from "../device";
import type { KnownDevice } from "../devices";
import { disksOf } from "../disks";
import { isAttribute, store } from "./attribute";

const units: Record<string, number> = {
  "": 1,
  c: 1,
  w: 2,
  b: 512,
  kB: 1000,
  K: 1024,
  k: 1024,
  KiB: 1024,
  MB: 1000 ** 2,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
};

export function bytesOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d+)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = units[unit ?? ""];
  if (digits === undefined || factor === undefined) return undefined;
  return Number(digits) * factor;
}

const numbers = ["bs", "ibs", "obs", "count", "skip", "seek"];
const words = ["if", "of", "status", "iflag", "oflag", "conv"];
const flagsKnown = [
  "direct",
  "fullblock",
  "skip_bytes",
  "count_bytes",
  "seek_bytes",
  "sync",
  "dsync",
  "fsync",
  "notrunc",
  "nocreat",
  "excl",
  "nonblock",
];

/** Between devices, standard input and standard output, and into attributes of the kernel. */
export const dd: Tool = async (call) => {
  const fail = (text: string): number => {
    call.stderr.write(`dd: ${text}\n`);
    return 1;
  };
  const options = new Map<string, string>();
  const sizes = new Map<string, number>();
  for (const word of call.words) {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    if (!numbers.includes(name) && !words.includes(name))
      return fail(
        `unrecognized operand '${word}'\nTry 'dd --help' for more information.`,
      );
    options.set(name, value);
    if (!numbers.includes(name)) continue;
    const isBytes = value.endsWith("B") && name !== "bs";
    const bytes = bytesOf(isBytes ? value.slice(0, -1) : value);
    if (bytes === undefined) return fail(`invalid number: '${value}'`);
    sizes.set(name, bytes);
  }
  const flagged = (name: string): string[] =>
    options.get(name)?.split(",") ?? [];
  for (const name of ["iflag", "oflag", "conv"])
    for (const flag of flagged(name))
      if (!flagsKnown.includes(flag))
        return fail(
          `invalid ${{ iflag: "input flag", oflag: "output flag" }[name] ?? "conversion"}: '${flag}'\nTry 'dd --help' for more information.`,
        );
  const block = sizes.get("bs") ?? sizes.get("ibs") ?? 512;
  const outBlock = sizes.get("bs") ?? sizes.get("obs") ?? 512;
  const inFlags = flagged("iflag");
  const skip =
    (sizes.get("skip") ?? 0) * (inFlags.includes("skip_bytes") ? 1 : block);
  const limit =
    (sizes.get("count") ?? Number.POSITIVE_INFINITY) *
    (inFlags.includes("count_bytes") ? 1 : block);
  const seek =
    (sizes.get("seek") ?? 0) *
    (flagged("oflag").includes("seek_bytes") ? 1 : outBlock);
  const devices = disksOf(call.world);
  const from = options.get("if");
  const to = options.get("of");
  if (to !== undefined && from === undefined && isAttribute(to)) {
    const problem = await store(call, to);
    return problem === undefined
      ? 0
      : fail(`failed to open '${to}': ${problem}`);
  }
  const source = from === undefined ? undefined : devices.find(from);
  const target = to === undefined ? undefined : devices.find(to);
  for (const [path, device] of [
    [from, source],
    [to, target],
  ] as const) {
    if (path === undefined || path === "/dev/zero") continue;
    if (device === undefined)
      return fail(`failed to open '${path}': No such file or directory`);
    if (call.user !== "root")
      return fail(`failed to open '${path}': Permission denied`);
  }
  let copied = 0;
  const report = (): void => {
    if (options.get("status") === "none") return;
    const whole = Math.floor(copied / block);
    const rest = copied % block > 0 ? 1 : 0;
    call.stderr.write(
      `${whole}+${rest} records in\n${whole}+${rest} records out\n`,
    );
    if (options.get("status") !== "noxfer")
      call.stderr.write(`${copied} bytes copied, 0.01 s, 1.0 GB/s\n`);
  };
  try {
    for await (const piece of pieces(call, from, source, skip, limit, block)) {
      await setImmediate();
      if (call.signal.aborted) return 130;
      if (target === undefined) call.stdout.write(piece);
      else {
        const room = target.sizeBytes - seek - copied;
        if (room < piece.length) {
          if (room > 0) target.write(seek + copied, piece.subarray(0, room));
          copied += Math.max(0, room);
          fail(`error writing '${to}': No space left on device`);
          report();
          return 1;
        }
        target.write(seek + copied, piece);
      }
      copied += piece.length;
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    fail(`error reading '${from ?? "standard input"}': ${error.message}`);
    report();
    return 1;
  }
  report();
  return 0;
};

async function* pieces(
  call: Call,
  from: string | undefined,
  source: KnownDevice | undefined,
  skip: number,
  limit: number,
  block: number,
): AsyncGenerator<Buffer> {
  if (from === "/dev/zero") {
    for (let done = 0; done < limit; done += block)
      yield Buffer.alloc(Math.min(block, limit - done));
    return;
  }
  if (source !== undefined) {
    for (let done = 0; done < limit; ) {
      const length = Math.min(block, limit - done);
      const piece = source.read(skip + done, length);
      if (piece.length === 0) return;
      yield piece;
      done += piece.length;
    }
    return;
  }
  let before = skip;
  let left = limit;
  for await (const chunk of call.stdin) {
    const bytes = Buffer.from(chunk as Buffer);
    const piece = bytes.subarray(Math.min(before, bytes.length));
    before -= bytes.length - piece.length;
    const taken = piece.subarray(0, Math.min(left, piece.length));
    left -= taken.length;
    if (taken.length > 0) yield taken;
    if (left <= 0) return;
  }
}

const headOptions = {
  bytes: { type: "string", short: "c" },
} as const;

/** Bytes only. */
export const head: Tool = async (call) => ends(call, "head");
export const tail: Tool = async (call) => ends(call, "tail");

function ends(call: Call, tool: "head" | "tail"): number {
  const parsed = gnu(call, tool, headOptions);
  if (parsed === undefined) return 1;
  const [path] = parsed.operands;
  const bytes = bytesOf(`${parsed.flags.bytes ?? ""}`);
  const fail = (text: string): number => {
    call.stderr.write(`${tool}: ${text}\n`);
    return 1;
  };
  if (bytes === undefined || path === undefined)
    return fail(`invalid number of bytes: '${parsed.flags.bytes ?? ""}'`);
  const device = disksOf(call.world).find(path);
  if (device === undefined) {
    const file = call.world.path(path);
    if (!existsSync(file))
      return fail(
        `cannot open '${path}' for reading: No such file or directory`,
      );
    const data = readFileSync(file);
    const from = tool === "head" ? 0 : Math.max(0, data.length - bytes);
    call.stdout.write(data.subarray(from, from + bytes));
    return 0;
  }
  if (call.user !== "root")
    return fail(`cannot open '${path}' for reading: Permission denied`);
  try {
    const from = tool === "head" ? 0 : Math.max(0, device.sizeBytes - bytes);
    call.stdout.write(device.read(from, bytes));
    return 0;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return fail(`error reading '${path}': ${error.message}`);
  }
}
