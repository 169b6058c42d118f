import { KernelError } from "./device";
import type { BlockDevices, KnownDevice } from "./devices";
import { wholeOf } from "./links";
import { type Identity, identify } from "./signatures/identify";
import { tagOf } from "./signatures/probe";
import { wwidOf } from "./spec";

const unread: Identity = { ambivalent: false };

/** udev's record of a device, as far as tools ask for it. */
export function propertiesOf(
  device: KnownDevice,
  devices: BlockDevices,
): Record<string, string> {
  const whole = wholeOf(device, devices.all());
  const isMap = whole.kind === "mpath";
  const own = read(device);
  const properties: Record<string, string | undefined> = {
    ...(isMap ? {} : diskProperties(whole)),
    ...tableProperties(read(whole)),
    ...contentProperties(own),
  };
  const isPath = device.holders.some((name) => name.startsWith("dm-"));
  if (device.kind === "disk" && isPath) {
    for (const name of Object.keys(properties))
      if (name.startsWith("ID_FS_")) delete properties[name];
    properties.ID_FS_TYPE = "mpath_member";
  }
  const { partition } = device;
  if (partition !== undefined) {
    properties.ID_PART_ENTRY_SCHEME = partition.scheme;
    properties.ID_PART_ENTRY_NAME = encoded(partition.label);
    properties.ID_PART_ENTRY_UUID = partition.uuid;
    properties.ID_PART_ENTRY_TYPE = partition.type;
    properties.ID_PART_ENTRY_NUMBER = String(partition.number);
    if (partition.flags !== undefined)
      properties.ID_PART_ENTRY_FLAGS = `0x${partition.flags.toString(16)}`;
  }
  return Object.fromEntries(
    Object.entries(properties).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

function read(device: KnownDevice): Identity {
  try {
    return identify(device);
  } catch (error) {
    // udev keeps what it knows and says nothing of what it cannot read.
    if (error instanceof KernelError) return unread;
    throw error;
  }
}

function diskProperties({
  spec,
}: KnownDevice): Record<string, string | undefined> {
  const words = (text: string): string => text.trim().replace(/\s+/g, "_");
  const model = words(spec.model);
  const isAta = spec.vendor === "ATA";
  return {
    ID_BUS: isAta ? "ata" : "scsi",
    ID_MODEL: model,
    ID_MODEL_ENC: encoded(spec.model.padEnd(isAta ? 40 : 16)),
    ID_VENDOR: isAta ? undefined : words(spec.vendor),
    ID_SERIAL: isAta ? `${model}_${spec.serial}` : wwidOf(spec.wwn),
    ID_SERIAL_SHORT: isAta ? spec.serial : spec.wwn.slice(2),
    ID_SCSI_SERIAL: isAta ? undefined : spec.serial,
    ID_WWN: spec.wwn,
    ID_WWN_WITH_EXTENSION: spec.wwn,
  };
}

function tableProperties({
  table,
}: Identity): Record<string, string | undefined> {
  return {
    ID_PART_TABLE_TYPE: table?.type,
    ID_PART_TABLE_UUID: tagOf(table, "PTUUID"),
  };
}

function contentProperties({
  content,
}: Identity): Record<string, string | undefined> {
  return {
    ID_FS_TYPE: content?.type,
    ID_FS_USAGE: content?.usage,
    ID_FS_VERSION: tagOf(content, "VERSION"),
    ID_FS_UUID: tagOf(content, "UUID"),
    ID_FS_UUID_ENC: encoded(tagOf(content, "UUID")),
    ID_FS_LABEL: tagOf(content, "LABEL")?.replaceAll(" ", "_"),
    ID_FS_LABEL_ENC: encoded(tagOf(content, "LABEL")),
  };
}

export function encoded(text: string | undefined): string | undefined {
  return text?.replace(
    /[^A-Za-z0-9#+\-.:=@_]/g,
    (character) =>
      `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
