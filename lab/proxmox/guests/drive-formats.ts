import {
  asFormat,
  boolean,
  type Check,
  integer,
  limited,
  matching,
  number,
  oneOf,
  pattern,
} from "../parameters";
import {
  aliasOf,
  type Format,
  first,
  flag,
  needed,
  of,
  type Properties,
  read,
} from "../property-strings";

/** The keys of drives (qemu-server's Drive.pm). */

export const maximum = { ide: 4, scsi: 31, virtio: 16, sata: 6 };
type Bus = keyof typeof maximum;
const buses = Object.keys(maximum) as Bus[];

/** In the order in which PVE looks for a disk to boot from. */
export const driveKeys = (["ide", "scsi", "virtio", "sata"] as const).flatMap(
  (bus) => Array.from({ length: maximum[bus] }, (_, index) => `${bus}${index}`),
);
export const allDriveKeys = [...driveKeys, "efidisk0", "tpmstate0"];
export const unusedKeys = Array.from(
  { length: 256 },
  (_, index) => `unused${index}`,
);
const known = new Set(allDriveKeys);

export const isDrive = (key: string): boolean => known.has(key);
export const isUnused = (key: string): boolean => /^unused\d+$/.test(key);

const volumeId = /^[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]:.+$/;
export const volumeIdCheck: Check = (value) =>
  volumeId.test(value) ? undefined : `unable to parse volume ID '${value}'\n`;
const volume: Check = asFormat((value) =>
  /^(none|cdrom|\/.*)$/.test(value) ? undefined : volumeIdCheck(value),
);
const source: Check = asFormat((value) =>
  value.startsWith("/") ? undefined : volumeIdCheck(value),
);
const urlEncoded = matching(/^[-%a-zA-Z0-9_.!~*'()]*$/, "urlencoded string");
const image = of(oneOf("raw", "qcow", "qed", "qcow2", "vmdk", "cloop"));
const size = of(matching(/^\d+(\.\d+)?[KMGT]?$/, "disk size"));
const file: Format = {
  volume: aliasOf("file"),
  file: first(needed(of(volume))),
  "import-from": of(source),
  size,
};

const directions = ["", "_rd", "_wr"];
const throttles: Format = Object.fromEntries(
  directions.flatMap((end) => [
    [`bps${end}`, of(integer())],
    [`mbps${end}`, of(number())],
    [`iops${end}`, of(integer())],
    [`mbps${end}_max`, of(number())],
    [`iops${end}_max`, of(integer())],
    [`bps${end}_max_length`, of(integer(1))],
    [`iops${end}_max_length`, of(integer(1))],
  ]),
);
const aliases: Format = Object.fromEntries(
  ["bps_rd", "bps_wr", "iops_rd", "iops_wr"].map((name) => [
    `${name}_length`,
    aliasOf(`${name}_max_length`),
  ]),
);

const base: Format = {
  ...file,
  ...throttles,
  ...aliases,
  format: image,
  media: of(oneOf("cdrom", "disk")),
  cyls: of(integer()),
  heads: of(integer()),
  secs: of(integer()),
  trans: of(oneOf("none", "lba", "auto")),
  snapshot: flag,
  cache: of(oneOf("none", "writethrough", "writeback", "unsafe", "directsync")),
  backup: flag,
  replicate: flag,
  rerror: of(oneOf("ignore", "report", "stop")),
  werror: of(oneOf("enospc", "ignore", "report", "stop")),
  aio: of(oneOf("native", "threads", "io_uring")),
  discard: of(oneOf("ignore", "on")),
  detect_zeroes: flag,
  serial: of(limited(60, urlEncoded)),
  shared: flag,
};
const ssd: Format = { ssd: flag, wwn: of(pattern(/0x[0-9a-fA-F]{16}/)) };

const formats: Record<string, Format> = {
  ide: { ...base, ...ssd, model: of(limited(120, urlEncoded)) },
  sata: { ...base, ...ssd },
  virtio: { ...base, iothread: flag, ro: flag },
  scsi: {
    ...base,
    ...ssd,
    iothread: flag,
    ro: flag,
    scsiblock: flag,
    queues: of(integer(2)),
    product: of(pattern(/[A-Za-z0-9\-_\s]{0,16}/)),
    vendor: of(pattern(/[A-Za-z0-9\-_\s]{0,8}/)),
  },
  efidisk: {
    ...file,
    format: image,
    efitype: of(oneOf("2m", "4m")),
    "pre-enrolled-keys": of(boolean),
    "ms-cert": of(oneOf("2011", "2023", "2023w")),
  },
  tpmstate: { ...file, version: of(oneOf("v1.2", "v2.0")) },
  unused: { volume: aliasOf("file"), file: first(needed(of(source))) },
};

export function driveFormat(key: string): Format {
  return formats[key.replace(/\d+$/, "")] ?? base;
}

const needs: [string, string][] = directions.flatMap((end) => [
  [`mbps${end}_max`, `mbps${end}`],
  [`bps${end}_max_length`, `mbps${end}_max`],
  [`iops${end}_max_length`, `iops${end}_max`],
]);
const withoutMedia = ["snapshot", "trans", "format", "heads", "secs", "cyls"];

/** A drive's properties, or nothing when PVE cannot make sense of them together. */
export function parseDrive(key: string, text: string): Properties | undefined {
  const drive = read(driveFormat(key), text);
  for (const end of directions) {
    const bytes = drive[`bps${end}`];
    if (bytes === undefined) continue;
    if (drive[`mbps${end}`] !== undefined) return undefined;
    delete drive[`bps${end}`];
    drive[`mbps${end}`] = (Number(bytes) / 2 ** 20).toFixed(3);
  }
  if (needs.some(([option, other]) => drive[option] && !drive[other]))
    return undefined;
  for (const kind of ["mbps", "iops"]) {
    if (drive[kind] && (drive[`${kind}_rd`] || drive[`${kind}_wr`]))
      return undefined;
  }
  if (drive.media !== "cdrom") return drive;
  const isWrong = withoutMedia.some((name) => drive[name]);
  return isWrong || key.startsWith("virtio") ? undefined : drive;
}

export function isCloudInit({ file = "" }: Properties): boolean {
  return /[:/](vm-\d+-)?cloudinit(\.\w+)?$/.test(file);
}

export function isCdrom(drive: Properties): boolean {
  return drive.media === "cdrom";
}

/** `storage:size`: a new volume. */
export function newDisk(
  file: string,
): { storage?: string; gibibytes: number } | undefined {
  const [, storage, size] =
    /^(?:([^/:\s]+):)?(\d+(?:\.\d+)?)$/.exec(file) ?? [];
  return size === undefined ? undefined : { storage, gibibytes: Number(size) };
}

export { buses };
