import {
  bootDisks,
  type DiskSpec,
  tools as diskTools,
  installDisks,
} from "../../lab/host/disks";
import { bootFacts, type FactsSpec, tools } from "../../lab/host/facts";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider } from "../../providers/host/host-facts/lifecycle";
import { type TestHost, testHost } from "./host";
import { configured, type Provider } from "./provider";

type Values = Record<string, unknown>;

const intel = { id: "8086", name: "Intel Corporation" };
const lsi = { id: "1000", name: "Broadcom / LSI" };
const sas = {
  id: "0107",
  name: "Serial Attached SCSI controller",
};

const card = (address: string, iommuGroup: number, width: number) => ({
  address,
  class: sas,
  vendor: lsi,
  device: {
    id: "0087",
    name: "SAS2308 PCI-Express Fusion-MPT SAS-2",
  },
  subsystem: {
    vendor: lsi,
    device: { id: "3040", name: "9207-8e SAS2.1 HBA" },
  },
  revision: "05",
  driver: "mpt3sas",
  modules: ["mpt3sas"],
  iommuGroup,
  link: { width, speed: 8 },
  maxLink: { width: 8, speed: 8 },
});
const hba = (pci: string, host: number, number: number, raid: boolean) => ({
  pci,
  host,
  number,
  driver: "mpt2sas" as const,
  chip: "LSISAS2308",
  board: "SAS9207-8e",
  firmware: "20.00.07.00",
  bios: "07.39.02.00",
  sasAddress: `0x500605b00${host}1a2b30`,
  raid,
});
const socket = (locator: string) => ({
  locator,
  bank: "BANK 0",
  module: {
    size: "16 GB",
    type: "DDR4",
    detail: "Synchronous Unbuffered (Unregistered)",
    ecc: true,
    speed: 2666,
    configuredSpeed: 2666,
    manufacturer: "Samsung",
    partNumber: "M391A2K43BB1-CTD",
  },
});
const sizeBytes = 4_000_787_030_016;
export const shelfId = "0x500304801f2b3c3f";

/** Two HBAs, the second in a narrow slot and with RAID firmware; three sockets. */
export function storageServer(): FactsSpec {
  return {
    pci: [
      {
        address: "0000:00:00.0",
        class: { id: "0600", name: "Host bridge" },
        vendor: intel,
        device: {
          id: "3ec6",
          name: "8th Gen Core Processor Host Bridge/DRAM Registers",
        },
        iommuGroup: 0,
      },
      card("0000:01:00.0", 1, 8),
      card("0000:02:00.0", 2, 4),
    ],
    hbas: [hba("0000:01:00.0", 0, 0, false), hba("0000:02:00.0", 1, 1, true)],
    memory: [
      socket("DIMMA1"),
      { locator: "DIMMA2", bank: "BANK 1" },
      socket("DIMMB1"),
    ],
    distribution: "Debian GNU/Linux 13 (trixie)",
    kernel: "6.17.2-2-pve",
    zfs: "2.3.4-pve1",
    packages: { "pve-manager": "9.1.2" },
  };
}

const disk = (
  wwn: string,
  serial: string,
  slot: number,
  paths: 1 | 2,
): DiskSpec => ({
  wwn,
  serial,
  vendor: "SEAGATE",
  model: "ST4000NM0023",
  sizeBytes,
  rotational: true,
  enclosure: { id: shelfId, slot },
  paths,
});

export interface Server {
  facts: FactsSpec;
  disks: DiskSpec[];
}

export interface FactsHost extends TestHost {
  facts: Provider;
  /** Switched off, changed inside, and on again. */
  change(what: (facts: FactsSpec) => void): void;
}

export async function factsHost(
  login: "root" | "ops" = "root",
  change: (server: Server) => void = () => undefined,
): Promise<FactsHost> {
  const server: Server = {
    facts: storageServer(),
    disks: [
      disk("0x5000c500a1b2c3d4", "Z1Z0AAAA", 0, 2),
      disk("0x5000c500a1b2c3d5", "Z1Z0BBBB", 7, 1),
    ],
  };
  change(server);
  const host = await testHost({
    login,
    spec: {
      tools: { ...diskTools, ...tools },
      boot: (world) => {
        installDisks(world, { disks: server.disks });
        bootFacts(world, server.facts);
        bootDisks(world);
      },
    },
  });
  return {
    ...host,
    facts: configured(provider(new EngineWatch(undefined)), host.configuration),
    change: (what) => {
      what(server.facts);
      host.lab.reboot();
    },
  };
}

const gibibyte = 2 ** 30;
export const expected = {
  cards: [
    {
      name: "hba-a",
      id: "1000:0087",
      subsystemId: "1000:3040",
      address: "0000:01:00.0",
      link: { width: 8, speed: 8 },
      driver: "mpt3sas",
      firmware: { version: "20.00.07.00", mode: "IT" },
    },
  ],
  memory: [
    {
      locator: "DIMMA1",
      sizeBytes: 16 * gibibyte,
      type: "DDR4",
      kind: "UDIMM",
      ecc: true,
      speed: 2666,
    },
    { sizeBytes: 16 * gibibyte },
  ],
  enclosures: [{ name: "shelf-1", id: shelfId }],
  disks: [
    {
      name: "a",
      wwn: "0x5000c500a1b2c3d4",
      serial: "Z1Z0AAAA",
      model: "ST4000NM0023",
      sizeBytes: 4_000_787_030_016,
      enclosure: "shelf-1",
      slot: 0,
      paths: 2,
    },
    { name: "b", wwn: "5000C500A1B2C3D5", enclosure: "shelf-1", slot: 7 },
  ],
  versions: {
    distribution: "Debian GNU/Linux 13",
    kernel: "6.17",
    zfs: "2.3",
    pve: "9.1",
  },
};

export const factsInputs = (changes: Values = {}): Values => ({
  owner: "site/HostFacts/storage",
  host: "storage",
  name: "storage",
  expected,
  ...changes,
});
