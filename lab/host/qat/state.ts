import type { FactsSpec, PciSpec } from "../facts/spec";
import type { HostWorld } from "../world";

export type Package = "in-tree" | "out-of-tree";

/** Instances that a started endpoint gives to whom. */
export interface Instances {
  kernelCrypto: number;
  kernelCompression: number;
  /** Of every section for programs. */
  user: number;
}

/** A physical function of C62x: of an adapter, or of the chipset's own block. */
export interface Endpoint {
  isStarted: boolean;
  /** In milliseconds; debugfs has files of that age. */
  startedAt?: number;
  instances: Instances;
  /** Sections and keys as the driver has them, for debugfs. */
  configuration: Record<string, Record<string, string | number>>;
  virtualFunctions: number;
  autoprobe: boolean;
  /** Virtual functions that a guest has. */
  guests: number;
  /** By engine. */
  requests: number[];
  responses: number[];
  /** Work of the host's kernel that holds it. */
  users: number;
  isHung: boolean;
  /** Requests are answered elsewhere, and the counters stay. */
  isStuck: boolean;
  /** Out of its slot. */
  isGone: boolean;
  /** Lanes that train, where that is fewer than it has. */
  lanes?: number;
}

export interface QatState {
  package: Package;
  /** Loaded modules, with their parameters. */
  modules: Record<string, Record<string, string>>;
  endpoints: Record<string, Endpoint>;
  /** As the machine was made, of C62x only. */
  devices: PciSpec[];
  /** The kernel's messages. */
  log: string[];
}

export const engines = 10;
/** Virtual functions of one, and its banks of rings. */
export const banks = 16;

const part = "qat";
const none: QatState = {
  package: "in-tree",
  modules: {},
  endpoints: {},
  devices: [],
  log: [],
};

export const loadQat = (world: HostWorld): QatState => world.load(part, none);
export const saveQat = (world: HostWorld, state: QatState): void =>
  world.save(part, state);

export const noInstances: Instances = {
  kernelCrypto: 0,
  kernelCompression: 0,
  user: 0,
};

export function newEndpoint(): Endpoint {
  return {
    isStarted: false,
    instances: noInstances,
    configuration: {},
    virtualFunctions: 0,
    autoprobe: true,
    guests: 0,
    requests: Array(engines).fill(0),
    responses: Array(engines).fill(0),
    users: 0,
    isHung: false,
    isStuck: false,
    isGone: false,
  };
}

export const isPhysical = ({ vendor, device }: PciSpec): boolean =>
  vendor.id === "8086" && device.id === "37c8";

export function factsIn(world: HostWorld): Partial<FactsSpec> {
  return world.load<Partial<FactsSpec>>("facts", {});
}
