import { createHash } from "node:crypto";
import type { KnownDevice } from "./devices";
import { adaptersOf, boardPorts, wwidOf } from "./spec";

/**
 * Paths below /dev that udev makes for a device, the map's own first. `deal`
 * names the boot: what is left to chance falls out alike when it is the same.
 */
export function linksOf(
  deal: string,
  device: KnownDevice,
  devices: readonly KnownDevice[],
): string[] {
  const disk = wholeOf(device, devices);
  const number = device.partition?.number;
  const suffix = number === undefined ? "" : `-part${number}`;
  const names: string[] = [];
  if (disk.wwid !== undefined)
    names.push(
      `/dev/mapper/${disk.wwid}`,
      `/dev/disk/by-id/dm-name-${disk.wwid}`,
    );
  if (isPrimary(deal, disk, devices))
    names.push(...idNames(disk).map((name) => `/dev/disk/by-id/${name}`));
  const path = disk.paths[0];
  if (disk.kind === "disk" && path !== undefined)
    names.push(`/dev/disk/by-path/${pathName(disk)}`);
  const links = names.map((name) => `${name}${suffix}`);
  if (disk.wwid === undefined) return links;
  const kind = number === undefined ? "mpath" : `part${number}-mpath`;
  return [...links, `/dev/disk/by-id/dm-uuid-${kind}-${disk.wwid}`];
}

export function wholeOf(
  device: KnownDevice,
  devices: readonly KnownDevice[],
): KnownDevice {
  if (device.kind !== "part") return device;
  return devices.find(({ name }) => device.slaves.includes(name)) ?? device;
}

function idNames({ spec }: KnownDevice): string[] {
  const words = (text: string): string => text.trim().replace(/\s+/g, "_");
  const wwn = `wwn-${spec.wwn}`;
  if (spec.vendor === "ATA")
    return [`ata-${words(spec.model)}_${words(spec.serial)}`, wwn];
  return [`scsi-${wwidOf(spec.wwn)}`, wwn];
}

/**
 * Two devices ask udev for the same name: a map's priority is higher than its
 * paths'; between two paths the one whose event came last has it.
 */
function isPrimary(
  deal: string,
  disk: KnownDevice,
  devices: readonly KnownDevice[],
): boolean {
  const same = devices.filter(
    (other) => other.kind !== "part" && other.wwn === disk.wwn,
  );
  const map = same.find(({ kind }) => kind === "mpath");
  if (map !== undefined) return map.name === disk.name;
  const rank = ({ serial, paths }: KnownDevice): string =>
    createHash("sha256")
      .update(`${deal}:link:${serial}:${paths[0]?.path}`)
      .digest("hex");
  return same.every((other) => rank(other) <= rank(disk));
}

function pathName({ spec, paths }: KnownDevice): string {
  const [path] = paths;
  const adapter = adaptersOf(spec)[path?.path ?? 0] ?? boardPorts;
  if (adapter === boardPorts)
    return `pci-${adapter}-ata-${(path?.address[0] ?? 16) - 15}`;
  const slot = spec.enclosure?.slot ?? path?.address[2] ?? 0;
  if (spec.enclosure === undefined)
    return `pci-${adapter}-sas-phy${slot}-lun-0`;
  const expander = expanderOf(spec.enclosure.id, path?.path ?? 0);
  return `pci-${adapter}-sas-exp${expander}-phy${slot}-lun-0`;
}

/** Each of a shelf's two I/O modules has an expander with an address of its own. */
export function expanderOf(enclosure: string, module: number): string {
  const last = BigInt(enclosure) + BigInt(module) * 0x40n + 0x3fn;
  return `0x${last.toString(16)}`;
}
