import type { Sourced } from "./sourced";

export const memoryTypes = ["RDIMM", "UDIMM", "LRDIMM"] as const;
export type MemoryType = (typeof memoryTypes)[number];

export interface Processor {
  cores: number;
  /** What an operating system counts. */
  threads: number;
  /** Of a machine that it goes into, at most. */
  sockets: number;
  memoryTypes: readonly MemoryType[];
  channels: number;
  /** MT/s of DDR4. */
  memoryRate: number;
  /** Bytes that one of them addresses. */
  maxMemory: number;
  /** Of PCI Express 3.0. */
  lanes: number;
  /** Into how many links its lanes can be parted. */
  links?: number;
}

const gibibyte = 2 ** 30;
const ark =
  "Intel ARK, as dumped in felixsteinke/cpu-spec-dataset, dataset/intel-cpus.csv";

const e2100 = {
  sockets: 1,
  memoryTypes: ["UDIMM"],
  channels: 2,
  memoryRate: 2_666,
  maxMemory: 128 * gibibyte,
  lanes: 16,
  // "1x16, 2x8, 1x8+2x4"
  links: 3,
  source: `${ark}; ECC UDIMM: Dell PowerEdge R340, an appliance with E-2144G in MicrosoftDocs/azure-docs`,
} as const;

const e5 = {
  sockets: 2,
  memoryTypes: ["RDIMM", "LRDIMM"],
  channels: 4,
  memoryRate: 2_133,
  maxMemory: 1_536 * gibibyte,
  lanes: 40,
  source: `${ark}; memory types: Supermicro, Memory Configuration Guide for X10 boards (Socket R3): "Unbuffered DIMMs (UDIMM) are not supported"`,
} as const;

export const processors = {
  "xeon-e-2124": { title: "Intel Xeon E-2124", cores: 4, threads: 4, ...e2100 },
  "xeon-e-2176g": {
    title: "Intel Xeon E-2176G",
    cores: 6,
    threads: 12,
    ...e2100,
  },
  "xeon-e-2276g": {
    title: "Intel Xeon E-2276G",
    cores: 6,
    threads: 12,
    ...e2100,
  },
  "xeon-e5-2603-v3": {
    title: "Intel Xeon E5-2603 v3",
    cores: 6,
    threads: 6,
    ...e5,
    memoryRate: 1_600,
    maxMemory: 768 * gibibyte,
  },
  "xeon-e5-2620-v4": {
    title: "Intel Xeon E5-2620 v4",
    cores: 8,
    threads: 16,
    ...e5,
  },
  "xeon-e5-2640-v4": {
    title: "Intel Xeon E5-2640 v4",
    cores: 10,
    threads: 20,
    ...e5,
  },
} satisfies Record<string, Sourced<Processor>>;

export type ProcessorModel = keyof typeof processors;

export function processor(model: ProcessorModel): Sourced<Processor> {
  return processors[model];
}
