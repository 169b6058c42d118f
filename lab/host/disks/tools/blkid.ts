import { gnu } from "../../coreutils/gnu";
import type { Tool } from "../../tool";
import { KernelError } from "../device";
import type { KnownDevice } from "../devices";
import { disksOf } from "../disks";
import { identify } from "../signatures/identify";

const notFound = 2;
const usage = 4;
const ambivalent = 8;
const formats = ["value", "device", "export", "full", "udev", "json", "list"];

export const blkid: Tool = (call) => {
  const parsed = gnu(call, "blkid", {
    "cache-file": { type: "string", short: "c" },
    output: { type: "string", short: "o" },
    "match-tag": { type: "string", short: "s", multiple: true },
    probe: { type: "boolean", short: "p" },
    "no-part-details": { type: "boolean", short: "D" },
  });
  if (parsed === undefined) return 1;
  const { flags, operands } = parsed;
  const fail = (text: string, code = usage): number => {
    call.stderr.write(`blkid: ${text}\n`);
    return code;
  };
  const format = `${flags.output ?? "full"}`;
  if (!formats.includes(format))
    return fail(`unsupported output format ${format}`);
  const isLow = flags.probe === true;
  if (isLow && format === "list")
    return fail(
      "The low-level probing mode does not support 'list' output format",
    );
  if (isLow && operands.length === 0)
    return fail("The low-level probing mode requires a device");
  const only = flags["match-tag"] as string[] | undefined;
  const devices = disksOf(call.world);
  const paths =
    operands.length > 0
      ? operands
      : devices.all().map((device) => devices.pathOf(device));
  let printed = 0;
  for (const path of paths) {
    const device = devices.find(path);
    if (device === undefined) {
      // Silent, and as for a blank device.
      if (paths.length === 1) return notFound;
      continue;
    }
    if (call.user !== "root") {
      if (paths.length === 1) return notFound;
      continue;
    }
    let tags: [string, string][] | undefined;
    try {
      tags = isLow
        ? probed(devices, device, flags["no-part-details"] !== true)
        : cached(device);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      if (isLow) return fail(`error: ${path}: ${error.message}`, notFound);
      continue;
    }
    if (tags === undefined)
      return fail(
        `${path}: ambivalent result (probably more filesystems on the device, use wipefs(8) to see more details)`,
        ambivalent,
      );
    const shown = tags.filter(([tag]) => only?.includes(tag) ?? true);
    if (shown.length === 0) {
      if (isLow) return notFound;
      continue;
    }
    if (printed > 0 && format === "export") call.stdout.write("\n");
    printed++;
    call.stdout.write(print(format, path, shown));
  }
  return printed === 0 ? notFound : 0;
};

type Disks = ReturnType<typeof disksOf>;

/** With -p; undefined: ambivalent. */
function probed(
  devices: Disks,
  device: KnownDevice,
  withPartition: boolean,
): [string, string][] | undefined {
  const found = identify(device);
  if (found.ambivalent) return undefined;
  const tags: [string, string][] = [];
  for (const signature of [found.content, found.table]) {
    if (signature === undefined) continue;
    for (const [tag, value] of signature.tags) tags.push([tag, value]);
    if (signature === found.table) tags.push(["PTTYPE", signature.type]);
    else tags.push(["TYPE", signature.type], ["USAGE", signature.usage]);
  }
  if (withPartition) tags.push(...entryTags(devices, device));
  return tags;
}

function entryTags(devices: Disks, device: KnownDevice): [string, string][] {
  const { partition } = device;
  if (partition === undefined) return [];
  const disk = devices.all().find(({ name }) => device.slaves.includes(name));
  const tags: [string, string | undefined][] = [
    ["SCHEME", partition.scheme],
    ["NAME", partition.label],
    ["UUID", partition.uuid],
    ["TYPE", partition.type],
    [
      "FLAGS",
      partition.flags === undefined
        ? undefined
        : `0x${partition.flags.toString(16)}`,
    ],
    ["NUMBER", String(partition.number)],
    ["OFFSET", String(partition.startBytes / 512)],
    ["SIZE", String(partition.sizeBytes / 512)],
    ["DISK", disk?.number.join(":")],
  ];
  return tags.flatMap(([tag, value]) =>
    value === undefined ? [] : [[`PART_ENTRY_${tag}`, value]],
  );
}

const kept = [
  "LABEL",
  "LABEL_FATBOOT",
  "UUID",
  "UUID_SUB",
  "BLOCK_SIZE",
  "SEC_TYPE",
];

/** What the cache keeps of it. */
function cached(device: KnownDevice): [string, string][] {
  const { content, table } = identify(device);
  const tags: [string, string][] = [];
  for (const [tag, value] of content?.tags ?? [])
    if (kept.includes(tag)) tags.push([tag, value]);
  if (content !== undefined) tags.push(["TYPE", content.type]);
  for (const [tag, value] of table?.tags ?? []) tags.push([tag, value]);
  if (table !== undefined) tags.push(["PTTYPE", table.type]);
  if (device.partition?.label !== undefined)
    tags.push(["PARTLABEL", device.partition.label]);
  if (device.partition !== undefined)
    tags.push(["PARTUUID", device.partition.uuid]);
  return tags;
}

function print(
  format: string,
  path: string,
  tags: readonly (readonly [string, string])[],
): string {
  const lines = (text: (tag: string, value: string) => string): string =>
    tags.map(([tag, value]) => `${text(tag, value)}\n`).join("");
  switch (format) {
    case "value":
      return lines((_, value) => value);
    case "device":
      return `${path}\n`;
    case "export":
      return `DEVNAME=${path}\n${lines((tag, value) => `${tag}=${escaped(value)}`)}`;
    case "udev":
      return lines((tag, value) => udev(tag, value));
    case "json": {
      const pairs = tags.map(
        ([tag, value]) => `   "${tag.toLowerCase()}": ${JSON.stringify(value)}`,
      );
      return `{\n${pairs.join(",\n")}\n}\n`;
    }
    default: {
      const quoted = tags.map(
        ([tag, value]) => `${tag}="${value.replace(/["\\]/g, "\\$&")}"`,
      );
      return `${path}: ${quoted.join(" ")}\n`;
    }
  }
}

function escaped(value: string): string {
  return value.replace(/[ "\\'$`<>]/g, "\\$&");
}

function udev(tag: string, value: string): string {
  const name = tag.startsWith("PART_ENTRY")
    ? `ID_${tag}`
    : tag.startsWith("PT")
      ? `ID_PART_TABLE_${tag.slice(2)}`
      : `ID_FS_${tag}`;
  const plain = `${name}=${value.replaceAll(" ", "_")}`;
  if (!/^(LABEL|UUID|UUID_SUB|PART_ENTRY_NAME)$/.test(tag)) return plain;
  const encoded = value.replace(
    /[^A-Za-z0-9#+\-.:=@_]/g,
    (character) =>
      `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `${plain}\n${name}_ENC=${encoded}`;
}
