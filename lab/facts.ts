import { createHash } from "node:crypto";
import type { Host, Site } from "../site";
import { machine, processor } from "../site/catalog";
import { pciOf } from "./cards";
import type { DiskSpec } from "./host/disks";
import type { FactsSpec, HbaSpec, PciSpec, SocketSpec } from "./host/facts";

const gibibyte = 2 ** 30;
const intel = { id: "8086", name: "Intel Corporation" };

/** What board and processor show of themselves, beside the cards. */
const board: PciSpec[] = [
  {
    address: "0000:00:00.0",
    class: { id: "0600", name: "Host bridge" },
    vendor: intel,
    device: { id: "6f00", name: "Xeon E7 v4/Xeon E5 v4 DMI2" },
    iommuGroup: 0,
  },
  {
    address: "0000:00:17.0",
    class: { id: "0106", name: "SATA controller" },
    vendor: intel,
    device: { id: "8d02", name: "C610/X99 series chipset SATA [AHCI mode]" },
    driver: "ahci",
    modules: ["ahci"],
    iommuGroup: 1,
  },
];

/** The chipset's own block has the adapter's id, and a subsystem of its own. */
const chipsetBlock: PciSpec = {
  address: "0000:b5:00.0",
  class: { id: "0b40", name: "Co-processor" },
  vendor: intel,
  device: { id: "37c8", name: "C62x Chipset QuickAssist Technology" },
  subsystem: {
    vendor: { id: "15d9", name: "Super Micro Computer Inc" },
    device: { id: "0000", name: "Device" },
  },
  driver: "c6xx",
  modules: ["qat_c62x"],
  iommuGroup: 2,
};

const zfs = "2.3.9";

/** What a machine of the manifest is made of, as its kernel and firmware see it. */
export function factsOf(
  site: Site,
  hostName: string,
  disks: readonly DiskSpec[],
): FactsSpec {
  const host = site.hardware.hosts.find(({ name }) => name === hostName);
  const isPve = site.proxmox.hosts.some((entry) => entry.host === hostName);
  const cards = host ? pciOf(host) : [];
  return {
    pci: [
      ...board,
      ...cards,
      // Where the adapter is, so that it has to be told from the block.
      ...(cards.some(isQuickAssist) ? [chipsetBlock] : []),
    ],
    hbas: hbasOf(cards, disks),
    memory: host?.modules && socketsOf(host),
    distribution: "Debian GNU/Linux 13 (trixie)",
    kernel: "6.17.2-1-pve",
    zfs: `${zfs}-pve1`,
    packages: isPve ? { "pve-manager": "9.1.5" } : {},
  };
}

/** SCSI hosts are counted by address; without a disk behind them they come last. */
function hbasOf(
  cards: readonly PciSpec[],
  disks: readonly DiskSpec[],
): HbaSpec[] {
  const addresses = cards
    .filter(({ driver }) => driver === "mpt3sas")
    .map(({ address }) => address)
    .sort();
  const hasDisks = (address: string) =>
    disks.some(({ hbas }) => hbas?.includes(address));
  const hosts = [
    ...addresses.filter(hasDisks),
    ...addresses.filter((address) => !hasDisks(address)),
  ];
  return addresses.map((pci, number) => ({
    pci,
    host: hosts.indexOf(pci),
    number,
    // So the driver calls cards of SAS 2.
    driver: "mpt2sas",
    chip: "LSISAS2308",
    board: "SAS9207-8e",
    firmware: "20.00.07.00",
    bios: "07.39.02.00",
    sasAddress: `0x500605b0${createHash("sha256").update(pci).digest("hex").slice(0, 8)}`,
    raid: false,
  }));
}

const details = {
  RDIMM: "Synchronous Registered (Buffered)",
  UDIMM: "Synchronous Unbuffered (Unregistered)",
  LRDIMM: "Synchronous LRDIMM",
};

/** All that processors serve, the first of them filled. */
function socketsOf({ model, cpu, modules = [] }: Host): SocketSpec[] {
  const { dimmSockets, sockets } = machine(model);
  const count = (dimmSockets * (cpu?.count ?? sockets)) / sockets;
  const speed = cpu ? processor(cpu.model).memoryRate : 2_133;
  const filled = modules.flatMap((item) =>
    Array.from({ length: item.count }, () => ({
      size: `${item.size / gibibyte} GB`,
      type: "DDR4",
      detail: details[item.type],
      ecc: item.ecc,
      speed: Math.max(speed, 2_133),
      configuredSpeed: speed,
      manufacturer: "Samsung",
      partNumber: "M393A5143DB0-CPB",
    })),
  );
  return Array.from({ length: Math.max(count, filled.length) }, (_, at) => ({
    locator: `DIMM ${at + 1}`,
    bank: `BANK ${at}`,
    module: filled[at],
  }));
}

const isQuickAssist = ({ device }: PciSpec) =>
  device.id === chipsetBlock.device.id;
