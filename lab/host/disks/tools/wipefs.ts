import { posix } from "node:path";
import { gnu } from "../../coreutils/gnu";
import type { Call, Tool } from "../../tool";
import { KernelError } from "../device";
import { disksOf } from "../disks";
import { signaturesOf } from "../signatures/identify";
import { type Signature, tagOf } from "../signatures/probe";
import { type Cell, printJson, printText } from "./table";

const columns: Record<string, (signature: Signature, name: string) => Cell> = {
  DEVICE: (_, name) => name,
  OFFSET: ({ magicOffset }) => `0x${magicOffset.toString(16)}`,
  TYPE: ({ type }) => type,
  UUID: (signature) => tagOf(signature, "UUID") ?? null,
  LABEL: (signature) => tagOf(signature, "LABEL") ?? null,
  LENGTH: ({ magicBytes }) => magicBytes,
  USAGE: ({ usage }) => usage,
};
const usual = ["DEVICE", "OFFSET", "TYPE", "UUID", "LABEL"];

export const wipefs: Tool = (call) => {
  const par = gnu(call, "wipefs", {
    all: { type: "boolean", short: "a" },
    force: { type: "boolean", short: "f" },
    noheadings: { type: "boolean", short: "i" },
    json: { type: "boolean", short: "J" },
    "no-act": { type: "boolean", short: "n" },
    offset: { type: "string", short: "o", multiple: true },
    output: { type: "string", short: "O" },
    parsable: { type: "boolean", short: "p" },
    quiet: { type: "boolean", short: "q" },
    types: { type: "string", short: "t" },
  });
  if (par === undefined) return 1;
  const { flags, operands } = par;
  const fail = (text: string): number => {
    call.stderr.write(`wipefs: ${text}\n`);
    return 1;
  };
  if (operands.length === 0)
    return fail(
      "no device specified\nTry 'wipefs --help' for more information.",
    );
  const wanted = `${flags.output ?? usual.join(",")}`.toUpperCase().split(",");
  const unknown = wanted.find((name) => columns[name] === undefined);
  if (unknown !== undefined) return fail(`unknown column: ${unknown}`);
  const offsets = (flags.offset as string[] | undefined)?.map(Number);
  if (flags.all && offsets !== undefined)
    return fail("The --offset option is mutually exclusive with --all.");
  const types = flags.types === undefined ? [] : `${flags.types}`.split(",");
  const isWiping = flags.all === true || offsets !== undefined;
  const rows: { cells: Cell[] }[] = [];
  for (const path of operands) {
    const devices = disksOf(call.world);
    const device = devices.find(path);
    const unready = (why: string): number =>
      fail(`error: ${path}: probing initialization failed: ${why}`);
    if (device === undefined) return unready("No such file or directory");
    if (call.user !== "root") return unready("Permission denied");
    const isExclusive = isWiping && !flags["no-act"] && !flags.force;
    if (isExclusive && devices.heldBy(device) !== undefined)
      return unready("Device or resource busy");
    try {
      const found = signaturesOf(device).filter(
        ({ type }) => types.length === 0 || types.includes(type),
      );
      if (!isWiping)
        for (const signature of found)
          rows.push({
            cells: wanted.map(
              (name) => columns[name]?.(signature, device.name) ?? null,
            ),
          });
      else {
        const chosen = found.filter(
          ({ magicOffset }) => offsets?.includes(magicOffset) ?? true,
        );
        const isNested = device.kind === "part" && !flags.force && flags.all;
        for (const signature of chosen)
          if (isNested && signature.usage === "partition-table")
            call.stderr.write(
              `wipefs: ${path}: ignoring nested "${signature.type}" partition table on non-whole disk device\n`,
            );
          else wipe(call, path, device, signature, flags);
        if (
          chosen.some(({ usage }) => usage === "partition-table") &&
          device.kind !== "part" &&
          !flags["no-act"] &&
          !flags.quiet
        )
          call.stdout.write(
            `${path}: calling ioctl to re-read partition table: Success\n`,
          );
      }
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return unready(error.message);
    }
  }
  if (isWiping) return 0;
  if (flags.json) call.stdout.write(printJson("signatures", wanted, rows));
  else if (flags.parsable)
    for (const { cells } of rows)
      call.stdout.write(`${parsable(wanted, cells)}\n`);
  else if (rows.length > 0)
    call.stdout.write(printText(wanted, rows, { headings: !flags.noheadings }));
  return 0;
};

function parsable(wanted: readonly string[], cells: readonly Cell[]): string {
  return ["OFFSET", "UUID", "LABEL", "TYPE"]
    .map((name) => cells[wanted.indexOf(name)] ?? "")
    .join(",");
}

function wipe(
  call: Call,
  path: string,
  device: {
    read(at: number, length: number): Buffer;
    write(at: number, data: Buffer): void;
  },
  { magicBytes, magicOffset, type }: Signature,
  flags: Record<string, unknown>,
): void {
  const magic = device.read(magicOffset, magicBytes);
  if (!flags["no-act"]) device.write(magicOffset, Buffer.alloc(magicBytes));
  if (flags.quiet) return;
  const bytes = [...magic].map((byte) => byte.toString(16).padStart(2, "0"));
  const count = magicBytes === 1 ? "1 byte was" : `${magicBytes} bytes were`;
  const offset = magicOffset.toString(16).padStart(8, "0");
  call.stdout.write(
    `${posix.normalize(path)}: ${count} era at offset 0x${offset} (${type}): ${bytes.join(" ")}\n`,
  );
}
