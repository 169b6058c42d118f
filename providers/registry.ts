import type { dynamic } from "@pulumi/pulumi";
import { EngineWatch } from "./dynamic/engine";
import { UserError } from "./dynamic/failure";
import { withReasonsFirst } from "./dynamic/reasons";

/** Each system is loaded when its first resource is met. */
const kinds: Record<string, (engine: EngineWatch) => dynamic.ResourceProvider> =
  {
    "proxmox:VirtualMachine": (engine) =>
      (
        require("./proxmox/virtual-machine/lifecycle") as typeof import("./proxmox/virtual-machine/lifecycle")
      ).provider(engine),
    "proxmox:Template": (engine) =>
      (
        require("./proxmox/template/lifecycle") as typeof import("./proxmox/template/lifecycle")
      ).provider(engine),
    "proxmox:Bridge": (engine) =>
      (
        require("./proxmox/bridge/lifecycle") as typeof import("./proxmox/bridge/lifecycle")
      ).provider(engine),
    "proxmox:StorageMount": (engine) =>
      (
        require("./proxmox/storage-mount/lifecycle") as typeof import("./proxmox/storage-mount/lifecycle")
      ).provider(engine),
    "openwrt:Router": (engine) =>
      (
        require("./openwrt/router/lifecycle") as typeof import("./openwrt/router/lifecycle")
      ).provider(engine),
    "proxmox:PciMapping": (engine) =>
      (
        require("./proxmox/pci-mapping/lifecycle") as typeof import("./proxmox/pci-mapping/lifecycle")
      ).provider(engine),
    "proxmox:NodeOptions": (engine) =>
      (
        require("./proxmox/node-options/lifecycle") as typeof import("./proxmox/node-options/lifecycle")
      ).provider(engine),
    "storage:ZfsPool": (engine) =>
      (
        require("./storage/zfs-pool/lifecycle") as typeof import("./storage/zfs-pool/lifecycle")
      ).provider(engine),
    "storage:ZfsDataset": (engine) =>
      (
        require("./storage/zfs-dataset/lifecycle") as typeof import("./storage/zfs-dataset/lifecycle")
      ).provider(engine),
    "storage:NfsExports": (engine) =>
      (
        require("./storage/nfs-exports/lifecycle") as typeof import("./storage/nfs-exports/lifecycle")
      ).provider(engine),
    "storage:IscsiTarget": (engine) =>
      (
        require("./storage/iscsi-target/lifecycle") as typeof import("./storage/iscsi-target/lifecycle")
      ).provider(engine),
    "storage:SmbShares": (engine) =>
      (
        require("./storage/smb-shares/lifecycle") as typeof import("./storage/smb-shares/lifecycle")
      ).provider(engine),
    "storage:MultipathMap": (engine) =>
      (
        require("./storage/multipath-map/lifecycle") as typeof import("./storage/multipath-map/lifecycle")
      ).provider(engine),
    "proxmox:Snippet": (engine) =>
      (
        require("./proxmox/snippet/lifecycle") as typeof import("./proxmox/snippet/lifecycle")
      ).provider(engine),
    "host:ManagedFiles": (engine) =>
      (
        require("./host/managed-files/lifecycle") as typeof import("./host/managed-files/lifecycle")
      ).provider(engine),
    "host:HostFacts": (engine) =>
      (
        require("./host/host-facts/lifecycle") as typeof import("./host/host-facts/lifecycle")
      ).provider(engine),
    "qat:QatDevice": (engine) =>
      (
        require("./qat/qat-device/lifecycle") as typeof import("./qat/qat-device/lifecycle")
      ).provider(engine),
  };

const watchIntervalMs = 1_000;

// The engine passes its address as the provider process's first argument.
const engine = new EngineWatch(process.argv[2]);
engine.every(watchIntervalMs, () => process.exit(1));

export function provider(kind: string): dynamic.ResourceProvider {
  const make = kinds[kind];
  if (make === undefined) {
    throw new UserError(
      `Unable to serve kind "${kind}": this version of hybrid-site does not know it. Use the version that made the resource, or a newer one.`,
    );
  }
  return withReasonsFirst(make(engine));
}
