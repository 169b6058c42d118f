import type { Impact } from "../../dynamic/kind";
import type { VirtualMachineInputs } from "./model";

/**
 * What a change does to a running guest at the most: PVE decides case by case
 * what it takes at once, and `reboot` whether the rest restarts it.
 */
export const impacts: Record<keyof VirtualMachineInputs, Impact> = {
  owner: "none",
  // Another host outside the cluster is another guest.
  host: "data",
  node: "reload",
  cluster: "none",
  name: "none",
  description: "none",
  vmId: "data",
  source: "data",
  cores: "restart",
  sockets: "restart",
  cpuType: "restart",
  cpuFlags: "restart",
  cpuLimit: "none",
  cpuUnits: "none",
  numa: "restart",
  numaNodes: "restart",
  memory: "restart",
  balloon: "none",
  memoryShares: "none",
  bios: "restart",
  machine: "restart",
  osType: "restart",
  scsiController: "restart",
  display: "restart",
  bootOrder: "restart",
  hotplug: "restart",
  efiDisk: "restart",
  tpm: "restart",
  // A disk that is removed and marked destroy loses its data: refused without that mark.
  disks: "data",
  nics: "reload",
  pciDevices: "restart",
  usbDevices: "restart",
  serialPorts: "restart",
  cloudInit: "restart",
  startup: "none",
  tags: "none",
  pool: "none",
  ha: "none",
  protection: "none",
  onBoot: "none",
  agent: "restart",
  power: "outage",
  reboot: "none",
  adopt: "none",
  timeouts: "none",
};
