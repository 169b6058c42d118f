import { gnu } from "../../coreutils/gnu";
import type { Tool } from "../../tool";
import type { KnownDevice } from "../devices";
import { disksOf } from "../disks";
import { propertiesOf } from "../properties";
import { columns, type LineContext } from "./lsblk-columns";
import { printJson, printText, type Row, text } from "./table";

const usual = ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"];
const forFilesystems = [
  "NAME",
  "FSTYPE",
  "FSVER",
  "LABEL",
  "UUID",
  "FSAVAIL",
  "FSUSE%",
  "MOUNTPOINTS",
];
const forScsi = [
  "NAME",
  "HCTL",
  "TYPE",
  "VENDOR",
  "MODEL",
  "REV",
  "SERIAL",
  "TRAN",
];
const allFailed = 32;
const someFailed = 64;

export const lsblk: Tool = (call) => {
  const parsed = gnu(call, "lsblk", {
    all: { type: "boolean", short: "a" },
    ascii: { type: "boolean", short: "i" },
    bytes: { type: "boolean", short: "b" },
    fs: { type: "boolean", short: "f" },
    inverse: { type: "boolean", short: "s" },
    json: { type: "boolean", short: "J" },
    list: { type: "boolean", short: "l" },
    nodeps: { type: "boolean", short: "d" },
    noheadings: { type: "boolean", short: "n" },
    output: { type: "string", short: "o" },
    "output-all": { type: "boolean", short: "O" },
    pairs: { type: "boolean", short: "P" },
    paths: { type: "boolean", short: "p" },
    raw: { type: "boolean", short: "r" },
    scsi: { type: "boolean", short: "S" },
    tree: { type: "boolean", short: "T" },
  });
  if (parsed === undefined) return 1;
  const { flags, operands } = parsed;
  const wanted = wantedColumns(flags);
  const unknown = wanted.find((name) => columns[name] === undefined);
  if (unknown !== undefined) {
    call.stderr.write(`lsblk: unknown column: ${unknown}\n`);
    return 1;
  }
  const devices = disksOf(call.world);
  const records = new Map<string, Record<string, string>>();
  const context: LineContext = {
    properties: (device) => {
      const record = records.get(device.name) ?? propertiesOf(device, devices);
      records.set(device.name, record);
      return record;
    },
    world: call.world,
    devices,
    bytes: flags.bytes === true,
    paths: flags.paths === true,
    aligned: !flags.json && !flags.raw && !flags.pairs,
  };
  const cells = (device: KnownDevice, parent?: KnownDevice) =>
    wanted.map((name) => columns[name]?.cell(device, context, parent) ?? null);
  const isTree =
    flags.tree === true ||
    (wanted.includes("NAME") && !flags.list && !flags.raw && !flags.pairs);
  const below = (device: KnownDevice): KnownDevice[] =>
    flags.nodeps || flags.scsi
      ? []
      : related(devices.all(), device, flags.inverse === true);
  const rowOf = (device: KnownDevice, parent?: KnownDevice): Row => ({
    cells: cells(device, parent),
    children: below(device).map((child) => rowOf(child, device)),
  });
  const walk = (device: KnownDevice, parent?: KnownDevice): Line[] => [
    { device, parent },
    ...below(device).flatMap((child) => walk(child, device)),
  ];
  const roots: KnownDevice[] = [];
  let failed = 0;
  for (const path of operands) {
    const device = devices.find(path);
    if (device !== undefined) roots.push(device);
    else {
      failed++;
      call.stderr.write(`lsblk: ${path}: not a block device\n`);
    }
  }
  if (operands.length === 0)
    roots.push(...tops(devices.all(), flags.inverse === true));
  const chosen = roots.filter(({ kind }) => !flags.scsi || kind === "disk");
  const isForPeople = !flags.json && !flags.raw && !flags.pairs;
  const rows = isTree
    ? chosen.map((device) => rowOf(device))
    : byNumber(
        chosen.flatMap((device) => walk(device)),
        isForPeople,
      ).map(({ device, parent }) => ({ cells: cells(device, parent) }));
  if (flags.json) {
    if (rows.length > 0 || failed === 0)
      call.stdout.write(printJson("blockdevices", wanted, rows));
  } else if (flags.pairs)
    for (const row of rows)
      call.stdout.write(
        `${wanted.map((name, index) => `${name}="${text(row.cells[index] ?? null)}"`).join(" ")}\n`,
      );
  else if (rows.length > 0)
    call.stdout.write(
      printText(wanted, rows, {
        headings: !flags.noheadings,
        raw: flags.raw === true,
        tree: isTree ? wanted.indexOf("NAME") : undefined,
        right: wanted.flatMap((name, index) =>
          columns[name]?.right ? [index] : [],
        ),
      }),
    );
  if (failed === 0) return 0;
  return failed === operands.length ? allFailed : someFailed;
};

function wantedColumns(flags: Record<string, unknown>): string[] {
  if (flags["output-all"]) return Object.keys(columns);
  const base = flags.scsi ? forScsi : flags.fs ? forFilesystems : usual;
  if (flags.output === undefined) return base;
  const text = `${flags.output}`;
  const named = text.replace(/^\+/, "").split(",");
  const own = named.map((name) => {
    const upper = name.toUpperCase();
    return columns[upper] === undefined ? name : upper;
  });
  return text.startsWith("+") ? [...base, ...own] : own;
}

/** Partitions and maps of a device; inverse: what it is made of. */
function related(
  all: readonly KnownDevice[],
  device: KnownDevice,
  inverse: boolean,
): KnownDevice[] {
  const names = inverse ? device.slaves : device.holders;
  return names.flatMap(
    (name) => all.find((other) => other.name === name) ?? [],
  );
}

/** sda before sdb before sdaa, and only what stands upon nothing. */
function tops(all: readonly KnownDevice[], inverse: boolean): KnownDevice[] {
  return all.filter((device) =>
    inverse ? device.holders.length === 0 : device.slaves.length === 0,
  );
}

interface Line {
  device: KnownDevice;
  parent?: KnownDevice;
}

/** A list shows what stands upon two devices twice, but to people once. */
function byNumber(lines: readonly Line[], once: boolean): Line[] {
  const rank = ({ device: { number } }: Line): number =>
    number[0] * 2 ** 20 + number[1];
  return [...lines]
    .sort((a, b) => rank(a) - rank(b))
    .filter(
      (line, index, all) =>
        !once || all[index - 1]?.device.name !== line.device.name,
    );
}
