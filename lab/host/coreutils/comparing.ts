import { readFileSync } from "node:fs";
import { disksOf, KernelError } from "../disks";
import type { Call, Tool } from "../tool";
import { lookAt } from "./files";
import { gnu } from "./gnu";

/** What is read piece by piece; shorter than asked for at its end. */
type Source = (offset: number, length: number) => Buffer;

const pieceBytes = 1 << 20;

/** diffutils' cmp, silent or with the first byte that differs. */
const cmp: Tool = (call) => {
  const parsed = gnu(call, "cmp", {
    bytes: { type: "string", short: "n" },
    "ignore-initial": { type: "string", short: "i" },
    quiet: { type: "boolean", short: "s" },
  });
  if (parsed === undefined) return 2;
  const [left = "", right = "-"] = parsed.operands;
  if (left === "" || parsed.operands.length > 2) {
    const what =
      left === ""
        ? "missing operand after 'cmp'"
        : `extra operand '${parsed.operands[2]}'`;
    call.stderr.write(
      `cmp: ${what}\ncmp: Try 'cmp --help' for more information.\n`,
    );
    return 2;
  }
  const skips = `${parsed.flags["ignore-initial"] ?? 0}`.split(":").map(Number);
  const [skipLeft = 0, skipRight = skipLeft] = skips;
  const limit = Number(parsed.flags.bytes ?? Number.POSITIVE_INFINITY);
  const sides = [source(call, left), source(call, right)];
  const [one, two] = sides;
  if (one === undefined || two === undefined) return 2;
  const say = (text: string) => {
    if (!parsed.flags.quiet) call.stdout.write(text);
  };
  try {
    for (let done = 0; done < limit; ) {
      const length = Math.min(pieceBytes, limit - done);
      const [a, b] = [
        one(skipLeft + done, length),
        two(skipRight + done, length),
      ];
      const common = Math.min(a.length, b.length);
      const at = firstDifference(a, b, common);
      if (at >= 0) {
        const lines = newlines(a, at);
        say(
          `${left} ${right} differ: byte ${done + at + 1}, line ${lines + 1}\n`,
        );
        return 1;
      }
      done += common;
      if (a.length !== b.length) {
        const name = a.length < b.length ? left : right;
        call.stderr.write(`cmp: EOF on ${name} after byte ${done}\n`);
        return 1;
      }
      if (common < length) return 0;
    }
    return 0;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    call.stderr.write(`cmp: ${left}: ${error.message}\n`);
    return 2;
  }
};

function source(call: Call, path: string): Source | undefined {
  if (path === "/dev/zero") return (_offset, length) => Buffer.alloc(length);
  const device = disksOf(call.world).find(path);
  if (device) return (offset, length) => device.read(offset, length);
  if (lookAt(call.world, path)?.isFile()) {
    const content = readFileSync(call.world.path(path));
    return (offset, length) => content.subarray(offset, offset + length);
  }
  call.stderr.write(`cmp: ${path}: No such file or directory\n`);
  return undefined;
}

function firstDifference(a: Buffer, b: Buffer, length: number): number {
  if (a.subarray(0, length).equals(b.subarray(0, length))) return -1;
  let at = 0;
  while (a[at] === b[at]) at += 1;
  return at;
}

function newlines(data: Buffer, end: number): number {
  return data.subarray(0, end).filter((byte) => byte === 0x0a).length;
}

export const tools = { cmp };
