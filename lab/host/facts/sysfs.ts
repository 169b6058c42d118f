import { lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { posix } from "node:path";
import type { HostWorld } from "../world";
import type { FactsSpec, HbaSpec, PciSpec } from "./spec";

const record = "sysfs-facts";
const deviceFolder = (address: string) => `/sys/devices/pci0000:00/${address}`;

/** What a kernel shows of the machine below /sys and /proc, beside its disks; at each boot. */
export function bootFacts(world: HostWorld, spec: FactsSpec): void {
  world.save("facts", spec);
  const before = world.load<{ paths: string[] }>(record, { paths: [] });
  for (const path of before.paths) rmSync(world.path(path), { force: true });
  const tree = new Tree(world);
  tree.put("/proc/sys/kernel/osrelease", spec.kernel);
  world.put(
    "/etc/os-release",
    `PRETTY_NAME="${spec.distribution}"\nNAME="Debian GNU/Linux"\nID=debian\n`,
  );
  if (spec.zfs) tree.put("/sys/module/zfs/version", spec.zfs);
  mkdirSync(world.path("/sys/class/scsi_host"), { recursive: true });
  for (const device of spec.pci) addPci(tree, device);
  for (const hba of spec.hbas) addHost(tree, hba);
  world.save(record, { paths: tree.paths });
}

/** Files and links below /sys, with what was written. */
export class Tree {
  readonly paths: string[] = [];

  constructor(readonly world: HostWorld) {}

  put(path: string, value: string | number): void {
    this.world.put(path, `${value}\n`);
    this.paths.push(path);
  }

  link(path: string, target: string): void {
    const place = this.world.path(path);
    if (lstatSync(place, { throwIfNoEntry: false })) return;
    mkdirSync(posix.dirname(place), { recursive: true });
    symlinkSync(posix.relative(posix.dirname(path), target), place);
    this.paths.push(path);
  }
}

function addHost(tree: Tree, hba: HbaSpec): void {
  const { pci, host } = hba;
  const at = `${deviceFolder(pci)}/host${host}/scsi_host/host${host}`;
  tree.put(`${at}/proc_name`, hba.driver);
  tree.put(`${at}/unique_id`, hba.number);
  tree.put(`${at}/board_name`, hba.board);
  tree.put(`${at}/version_product`, hba.chip);
  tree.put(`${at}/version_fw`, hba.firmware);
  tree.put(`${at}/version_bios`, hba.bios);
  tree.put(`${at}/host_sas_address`, hba.sasAddress);
  const name = `/sys/class/scsi_host/host${host}`;
  // A folder, where earlier boots knew of the disks only.
  rmSync(tree.world.path(name), { recursive: true, force: true });
  tree.link(name, at);
}

export function addPci(tree: Tree, device: PciSpec): void {
  const { address, iommuGroup, driver, subsystem } = device;
  const at = deviceFolder(address);
  tree.put(`${at}/class`, `0x${device.class.id}00`);
  tree.put(`${at}/vendor`, `0x${device.vendor.id}`);
  tree.put(`${at}/device`, `0x${device.device.id}`);
  if (subsystem) {
    tree.put(`${at}/subsystem_vendor`, `0x${subsystem.vendor.id}`);
    tree.put(`${at}/subsystem_device`, `0x${subsystem.device.id}`);
  }
  for (const [which, lanes] of [
    ["current", device.link],
    ["max", device.maxLink],
  ] as const) {
    if (lanes === undefined) continue;
    const speed = `${lanes.speed.toFixed(1)} GT/s PCIe`;
    tree.put(`${at}/${which}_link_width`, lanes.width);
    tree.put(`${at}/${which}_link_speed`, speed);
  }
  tree.link(`/sys/bus/pci/devices/${address}`, at);
  if (driver) {
    const folder = `/sys/bus/pci/drivers/${driver}`;
    tree.link(`${folder}/${address}`, at);
    tree.link(`${at}/driver`, folder);
  }
  if (iommuGroup !== undefined) {
    const group = `/sys/kernel/iommu_groups/${iommuGroup}`;
    tree.link(`${group}/devices/${address}`, at);
    tree.link(`${at}/iommu_group`, group);
  }
}
