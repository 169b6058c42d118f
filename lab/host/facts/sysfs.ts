import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { posix } from "node:path";
import type { HostWorld } from "../world";
import type { FactsSpec, HbaSpec, PciSpec } from "./spec";

const deviceFolder = (address: string) => `/sys/devices/pci0000:00/${address}`;
const hostFolder = ({ pci, host }: HbaSpec) =>
  `${deviceFolder(pci)}/host${host}`;

/** Fills /sys and /proc, and /etc/os-release; what was below /sys goes. */
export function plug(world: HostWorld, spec: FactsSpec): void {
  rmSync(world.path("/sys"), { recursive: true, force: true });
  world.save("facts", spec);
  const attribute = (path: string, value: string | number) =>
    world.put(path, `${value}\n`);
  const link = (path: string, target: string) => {
    mkdirSync(world.path(posix.dirname(path)), { recursive: true });
    const way = posix.relative(posix.dirname(path), target);
    symlinkSync(way, world.path(path));
  };
  attribute("/proc/sys/kernel/osrelease", spec.kernel);
  world.put(
    "/etc/os-release",
    `PRETTY_NAME="${spec.distribution}"\nNAME="Debian GNU/Linux"\nID=debian\n`,
  );
  if (spec.zfs) attribute("/sys/module/zfs/version", spec.zfs);
  mkdirSync(world.path("/sys/class/scsi_host"), { recursive: true });
  mkdirSync(world.path("/sys/class/enclosure"), { recursive: true });
  for (const device of spec.pci) plugPci(device, attribute, link);
  for (const hba of spec.hbas) {
    const at = `${hostFolder(hba)}/scsi_host/host${hba.host}`;
    attribute(`${at}/proc_name`, hba.driver);
    attribute(`${at}/unique_id`, hba.number);
    attribute(`${at}/board_name`, hba.board);
    attribute(`${at}/version_product`, hba.chip);
    attribute(`${at}/version_fw`, hba.firmware);
    attribute(`${at}/version_bios`, hba.bios);
    attribute(`${at}/host_sas_address`, hba.sasAddress);
    link(`/sys/class/scsi_host/host${hba.host}`, at);
  }
  const scsi = (hctl: string) => {
    const [host = "", bus = "", target = ""] = hctl.split(":");
    const hba = spec.hbas.find((item) => `${item.host}` === host);
    const above = hba ? hostFolder(hba) : `/sys/devices/platform/host${host}`;
    return `${above}/target${host}:${bus}:${target}/${hctl}`;
  };
  for (const { hctl } of spec.disks) {
    const at = scsi(hctl);
    mkdirSync(world.path(at), { recursive: true });
    const own = `${at}/scsi_device/${hctl}`;
    link(`${own}/device`, at);
    link(`/sys/class/scsi_device/${hctl}`, own);
  }
  for (const { hctl, id, slots } of spec.shelves) {
    const at = `${scsi(hctl)}/enclosure/${hctl}`;
    attribute(`${at}/id`, id);
    attribute(`${at}/components`, slots.length);
    link(`/sys/class/enclosure/${hctl}`, at);
    for (const { name, number, disk } of slots) {
      const slot = `${at}/${name}`;
      attribute(`${slot}/slot`, number);
      attribute(`${slot}/type`, "array device");
      attribute(`${slot}/status`, disk ? "OK" : "not installed");
      attribute(`${slot}/fault`, 0);
      attribute(`${slot}/locate`, 0);
      if (disk === undefined) continue;
      link(`${slot}/device`, scsi(disk));
      link(`${scsi(disk)}/enclosure_device:${name}`, slot);
    }
  }
}

function plugPci(
  device: PciSpec,
  attribute: (path: string, value: string | number) => void,
  link: (path: string, target: string) => void,
): void {
  const { address, iommuGroup, driver, subsystem } = device;
  const at = deviceFolder(address);
  attribute(`${at}/class`, `0x${device.class.id}00`);
  attribute(`${at}/vendor`, `0x${device.vendor.id}`);
  attribute(`${at}/device`, `0x${device.device.id}`);
  if (subsystem) {
    attribute(`${at}/subsystem_vendor`, `0x${subsystem.vendor.id}`);
    attribute(`${at}/subsystem_device`, `0x${subsystem.device.id}`);
  }
  for (const [which, lanes] of [
    ["current", device.link],
    ["max", device.maxLink],
  ] as const) {
    if (lanes === undefined) continue;
    const speed = `${lanes.speed.toFixed(1)} GT/s PCIe`;
    attribute(`${at}/${which}_link_width`, lanes.width);
    attribute(`${at}/${which}_link_speed`, speed);
  }
  link(`/sys/bus/pci/devices/${address}`, at);
  if (driver) {
    const folder = `/sys/bus/pci/drivers/${driver}`;
    link(`${folder}/${address}`, at);
    link(`${at}/driver`, folder);
  }
  if (iommuGroup !== undefined) {
    const group = `/sys/kernel/iommu_groups/${iommuGroup}`;
    link(`${group}/devices/${address}`, at);
    link(`${at}/iommu_group`, group);
  }
}
