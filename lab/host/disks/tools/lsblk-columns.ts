import type { HostWorld } from "../../world";
import { alive, type BlockDevices, type KnownDevice } from "../devices";
import { adaptersOf, boardPorts } from "../spec";
import type { Cell } from "./table";

export interface LineContext {
  world: HostWorld;
  devices: BlockDevices;
  bytes: boolean;
  paths: boolean;
  /** For people: the colons below each other. */
  aligned: boolean;
  /** udev's record of a device, read once. */
  properties(device: KnownDevice): Record<string, string>;
}

interface Column {
  cell(device: KnownDevice, context: LineContext, parent?: KnownDevice): Cell;
  right?: boolean;
}

const property =
  (name: string) =>
  (device: KnownDevice, { properties }: LineContext): Cell => {
    const value = properties(device)[name];
    return value === undefined ? null : decoded(value);
  };

const isDisk = ({ kind }: KnownDevice): boolean => kind === "disk";
const fixed =
  (value: Cell): Column["cell"] =>
  () =>
    value;
const sized =
  (bytes: (device: KnownDevice) => number): Column["cell"] =>
  (device, context) =>
    context.bytes ? bytes(device) : human(bytes(device));
const mounts: Column["cell"] = (device, { devices }) => {
  const target = devices.mountOf(device);
  return target === undefined ? [] : [target];
};

const right = true;

/** In the order of `lsblk -O`, without those that no disk here has. */
export const columns: Record<string, Column> = {
  ALIGNMENT: { cell: fixed(0), right },
  "DISC-ALN": { cell: fixed(0), right },
  DAX: { cell: fixed(false), right },
  "DISC-GRAN": { cell: sized(() => 0), right },
  "DISC-MAX": { cell: sized(() => 0), right },
  "DISC-ZERO": { cell: fixed(false), right },
  FSAVAIL: { cell: fixed(null), right },
  FSROOTS: {
    cell: (device, { devices }) =>
      devices.mountOf(device) === undefined ? [] : ["/"],
  },
  FSSIZE: { cell: fixed(null), right },
  FSTYPE: { cell: property("ID_FS_TYPE") },
  FSUSED: { cell: fixed(null), right },
  "FSUSE%": { cell: fixed(null), right },
  FSVER: { cell: property("ID_FS_VERSION") },
  GROUP: { cell: fixed("disk") },
  HCTL: {
    cell: (device) =>
      isDisk(device) ? (device.paths[0]?.address.join(":") ?? null) : null,
  },
  HOTPLUG: { cell: fixed(false), right },
  KNAME: {
    cell: ({ name }, { paths }) => (paths ? `/dev/${name}` : name),
  },
  LABEL: { cell: property("ID_FS_LABEL_ENC") },
  "LOG-SEC": { cell: fixed(512), right },
  "MAJ:MIN": {
    cell: ({ number: [major, minor] }, { aligned }) =>
      aligned
        ? `${String(major).padStart(3)}:${String(minor).padEnd(3)}`
        : `${major}:${minor}`,
  },
  MAJ: { cell: ({ number }) => String(number[0]) },
  MIN: { cell: ({ number }) => String(number[1]) },
  "MIN-IO": { cell: fixed(4096), right },
  MODE: { cell: fixed("brw-rw----") },
  MODEL: {
    cell: (device) => (isDisk(device) ? device.spec.model.trim() : null),
  },
  NAME: {
    cell: (device, { devices, paths }) => {
      const path = devices.pathOf(device);
      return paths ? path : path.slice(path.lastIndexOf("/") + 1);
    },
  },
  "OPT-IO": { cell: fixed(0), right },
  OWNER: { cell: fixed("root") },
  PARTFLAGS: { cell: property("ID_PART_ENTRY_FLAGS") },
  PARTLABEL: { cell: property("ID_PART_ENTRY_NAME") },
  PARTN: { cell: ({ partition }) => partition?.number ?? null, right },
  PARTTYPE: { cell: property("ID_PART_ENTRY_TYPE") },
  PARTTYPENAME: {
    cell: ({ partition }) =>
      partition === undefined ? null : (typeNames[partition.type] ?? null),
  },
  PARTUUID: { cell: property("ID_PART_ENTRY_UUID") },
  PATH: { cell: (device, { devices }) => devices.pathOf(device) },
  "PHY-SEC": { cell: fixed(4096), right },
  PKNAME: {
    cell: (_, { paths }, parent) =>
      parent === undefined ? null : paths ? `/dev/${parent.name}` : parent.name,
  },
  PTTYPE: { cell: property("ID_PART_TABLE_TYPE") },
  PTUUID: { cell: property("ID_PART_TABLE_UUID") },
  RA: { cell: fixed(128), right },
  RAND: { cell: fixed(false), right },
  REV: { cell: (device) => (isDisk(device) ? "0004" : null), right },
  RM: { cell: fixed(false), right },
  RO: { cell: fixed(false), right },
  ROTA: { cell: ({ spec }) => spec.rotational, right },
  "RQ-SIZE": { cell: fixed(256), right },
  SCHED: { cell: fixed("mq-deadline") },
  SERIAL: {
    cell: (device) => (isDisk(device) ? device.serial : null),
  },
  SIZE: { cell: sized(({ sizeBytes }) => sizeBytes), right },
  START: {
    cell: ({ name, partition }) =>
      partition === undefined || name.startsWith("dm-")
        ? null
        : partition.startBytes / 512,
    right,
  },
  STATE: {
    cell: (device, { world }) => {
      if (device.name.startsWith("dm-")) return "running";
      const [path] = device.paths;
      if (device.kind === "part" || path === undefined) return null;
      return alive(world, path) ? "running" : "offline";
    },
  },
  SUBSYSTEMS: {
    cell: ({ kind }) => (kind === "mpath" ? "block" : "block:scsi:pci"),
  },
  MOUNTPOINT: {
    cell: (device, { devices }) => devices.mountOf(device) ?? null,
  },
  MOUNTPOINTS: { cell: mounts },
  TRAN: {
    cell: (device) => {
      if (!isDisk(device)) return null;
      const isBoard = adaptersOf(device.spec)[0] === boardPorts;
      return isBoard ? "sata" : "sas";
    },
  },
  TYPE: { cell: ({ kind }) => kind },
  UUID: { cell: property("ID_FS_UUID_ENC") },
  VENDOR: {
    cell: (device) => (isDisk(device) ? device.spec.vendor.padEnd(8) : null),
  },
  WSAME: { cell: sized(() => 0), right },
  WWN: { cell: property("ID_WWN_WITH_EXTENSION") },
  ZONED: { cell: fixed("none") },
};

const typeNames: Record<string, string> = {
  "0fc63daf-8483-4772-8e79-3d69d8477de4": "Linux filesystem",
  "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "EFI System",
  "21686148-6449-6e6f-744e-656564454649": "BIOS boot",
  "e3c9e316-0b5c-4db8-817d-f92df00215ae": "Microsoft reserved",
  "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "Microsoft basic data",
  "e75caf8f-f680-4cee-afa3-b001e56efc2d": "Microsoft Storage Spaces",
  "6a898cc3-1dd2-11b2-99a6-080020736631": "Solaris /usr & Apple ZFS",
  "6a945a3b-1dd2-11b2-99a6-080020736631": "Solaris reserved 1",
  "0x83": "Linux",
  "0x7": "HPFS/NTFS/exFAT",
};

function decoded(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** "3.6T": one digit after the point where it is not zero. */
export function human(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < 6) {
    value /= 1024;
    unit++;
  }
  const rounded = Math.round(value * 10) / 10;
  return `${rounded}${"BKMGTPE"[unit]}`;
}
