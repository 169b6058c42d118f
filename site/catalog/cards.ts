import type { Sourced } from "./sourced";

export const connectors = ["SFF-8088", "SFF-8644"] as const;
export type Connector = (typeof connectors)[number];

export interface Card {
  kind: "network" | "sas" | "accelerator";
  /** Of PCI Express that it takes. */
  lanes: number;
  ports: number;
  /** Of its external ports. */
  connector?: Connector;
  /** Of a SAS HBA: its phys behind each of those ports, as the kernel counts them. */
  phys?: readonly (readonly number[])[];
  /** Vendor and device, as sysfs has them. */
  id: string;
  subsystemId?: string;
  /** Devices of PCI that it is. */
  functions: number;
}

export const cards = {
  "i350-t4": {
    title: "Intel I350-T4, 4 x 1 GbE",
    kind: "network",
    lanes: 4,
    ports: 4,
    id: "8086:1521",
    functions: 4,
    source:
      "Intel I350 product brief: dual and quad port only; pci.ids: 8086:1521",
    assumed: {
      lanes: "seen as x4 at the I350-T2 (igb's log), not at the T4",
      functions: "one for each port",
    },
  },
  "x550-t2": {
    title: "Intel X550-T2, 2 x 10 GbE",
    kind: "network",
    lanes: 4,
    ports: 2,
    id: "8086:1563",
    functions: 2,
    source:
      "lspci of a card in a gist of pklaus: x4 at 8 GT/s; pci.ids: 8086:1563",
  },
  "i225-quad": {
    title: "Four I225 behind a PCIe switch, 4 x 2.5 GbE",
    kind: "network",
    lanes: 4,
    ports: 4,
    id: "8086:15f3",
    functions: 4,
    source:
      "Intel I225: one lane a controller, so four need a switch; pci.ids: 8086:15f3 is I225-V, 8086:15f2 I225-LM",
    assumed: {
      lanes: "the switch's own link is the board maker's choice",
      id: "cards for sale carry the V; an LM is another device",
    },
  },
  "qat-8970": {
    title: "Intel QuickAssist Adapter 8970",
    kind: "accelerator",
    lanes: 16,
    ports: 0,
    id: "8086:37c8",
    subsystemId: "8086:0002",
    functions: 3,
    source:
      "pci.ids: 8086:37c8, subsystem 8086:0002; Intel, QAT Programmer's Guide, Configuration Files: Multiple Endpoints",
    assumed: { lanes: "no source for its width was found" },
  },
  "lsi-9207-8e": {
    title: "LSI 9207-8e",
    kind: "sas",
    lanes: 8,
    ports: 2,
    id: "1000:0087",
    subsystemId: "1000:3040",
    functions: 1,
    connector: "SFF-8088",
    phys: [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ],
    source:
      "Broadcom SAS 9207-8e: PCIe 3.0 x8, two external mini-SAS SFF-8088, 6 Gb/s; pci.ids 1000:0087, 1000:3040",
    assumed: {
      phys: "four to a plug is SFF-8088; that port 0 has the first was found nowhere",
    },
  },
} satisfies Record<string, Sourced<Card>>;

/** Names that plans carry, of cards that nobody makes. */
export const misnamed: Readonly<
  Record<string, { why: string; instead: string }>
> = {
  "i350-t8": {
    why: "Intel's brief knows the I350 with two and four ports only; boards with eight are of others, two I350 behind a PCIe switch",
    instead: "two i350-t4, or the board's own name",
  },
};

/** Undefined for a card that the catalog does not have. */
export function card(model: string): Sourced<Card> | undefined {
  return Object.entries<Sourced<Card>>(cards).find(
    ([name]) => name === model,
  )?.[1];
}
