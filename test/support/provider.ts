import type { dynamic } from "@pulumi/pulumi";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider as bridge } from "../../providers/proxmox/bridge/lifecycle";
import { provider as nodeOptions } from "../../providers/proxmox/node-options/lifecycle";
import { provider as pciMapping } from "../../providers/proxmox/pci-mapping/lifecycle";
import { provider as storageMount } from "../../providers/proxmox/storage-mount/lifecycle";
import { provider as template } from "../../providers/proxmox/template/lifecycle";
import { provider as virtualMachine } from "../../providers/proxmox/virtual-machine/lifecycle";
import type { TestLab } from "./proxmox";

type Values = Record<string, unknown>;

/** The provider's calls, as the SDK makes them, with the optional ones there. */
export interface Provider {
  configure?(request: {
    config: { get(key: string): string | undefined };
  }): void;
  check(
    olds: Values,
    news: Values,
  ): Promise<{ inputs?: Values; failures?: dynamic.CheckFailure[] }>;
  diff(id: string, olds: Values, news: Values): Promise<dynamic.DiffResult>;
  create(inputs: Values): Promise<{ id: string; outs?: Values }>;
  read(
    id: string,
    props: Values,
  ): Promise<{ id?: string; props?: Values; inputs?: Values }>;
  update(id: string, olds: Values, news: Values): Promise<{ outs?: Values }>;
  delete(id: string, props: Values): Promise<void>;
}

export function configured(
  made: dynamic.ResourceProvider,
  get: (key: string) => string | undefined,
): Provider {
  void made.configure?.({ config: { get, require: () => "" } as never });
  return made as unknown as Provider;
}

const noEngine = () => new EngineWatch(undefined);

export const machines = (lab: TestLab) =>
  configured(virtualMachine(noEngine()), lab.configuration);
export const templates = (lab: TestLab) =>
  configured(template(noEngine()), lab.configuration);
export const bridges = (lab: TestLab, engine = noEngine()) =>
  configured(bridge(engine), lab.configuration);
export const storageMounts = (lab: TestLab) =>
  configured(storageMount(noEngine()), lab.configuration);
export const pciMappings = (lab: TestLab) =>
  configured(pciMapping(noEngine()), lab.configuration);

export const nodeOptionsOf = (lab: TestLab) =>
  configured(nodeOptions(noEngine()), lab.configuration);

export const machine = (changes: Values = {}): Values => ({
  owner: "site/VirtualMachine/web",
  host: "pve",
  node: "pve",
  name: "web",
  vmId: { from: 1000, to: 1999 },
  source: { image: "local:import/placed.raw" },
  cores: 2,
  memory: 2048,
  disks: { scsi0: { storage: "fast", size: 8, onDestroy: "destroy" } },
  nics: { net0: { bridge: "vmbr0", tag: 30 } },
  power: "running",
  ...changes,
});

export const base = (changes: Values = {}): Values => ({
  owner: "site/Template/base",
  host: "pve",
  node: "pve",
  name: "base",
  vmId: { from: 1000, to: 1999 },
  image: { storage: "local", file: "placed.raw" },
  storage: "fast",
  ...changes,
});
