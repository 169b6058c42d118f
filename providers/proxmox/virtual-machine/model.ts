import { z } from "zod";
import { deadlines, seconds } from "../../dynamic/inputs";
import { cloudInit } from "./schema/cloud-init";
import {
  numaNodes,
  pciDevices,
  serialPorts,
  usbDevices,
} from "./schema/device";
import { disks, efiDisk, tpm } from "./schema/disk";
import { nics } from "./schema/nic";

export type { CloudInit } from "./schema/cloud-init";
export type { Disk } from "./schema/disk";
export type { Nic } from "./schema/nic";

const source = z.union([
  z.strictObject({
    /** Name of a template in the cluster; its disks come along. */
    template: z.string(),
    /** False: a linked clone, which needs the template for ever. */
    full: z.boolean().optional(),
    /** Where the template is, if the name stands on several nodes. */
    node: z.string().optional(),
  }),
  z.strictObject({
    /** Volume with an image, "local:import/openwrt.raw", for slot scsi0. */
    image: z.string(),
  }),
]);

const fields = z.strictObject({
  owner: z.string(),
  host: z.string(),
  /** Left out: called as the host. Another one migrates the guest. */
  node: z.string().optional(),
  /** Hosts of one cluster share it: between them a guest migrates. */
  cluster: z.string().optional(),
  name: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, "must be a DNS name"),
  description: z.string().optional(),
  /** A number, or the range in which the owner's hash picks one. */
  vmId: z.union([
    z.int().min(100).max(999_999_999),
    z.strictObject({ from: z.int().min(100), to: z.int() }),
  ]),
  source,
  cores: z.int().min(1),
  sockets: z.int().min(1).optional(),
  cpuType: z.string().optional(),
  /** "+aes", "-pcid" */
  cpuFlags: z.array(z.string().regex(/^[+-][\w-]+$/)).optional(),
  /** Number of CPUs' time at most. */
  cpuLimit: z.number().min(0).max(128).optional(),
  /** Weight against other guests. */
  cpuUnits: z.int().min(1).max(262_144).optional(),
  numa: z.boolean().optional(),
  numaNodes: numaNodes.optional(),
  /** MiB */
  memory: z.int().min(16),
  /** MiB that ballooning leaves at least; 0 turns the balloon off. */
  balloon: z.int().min(0).optional(),
  /** Weight of the balloon against other guests'. */
  memoryShares: z.int().min(0).max(50_000).optional(),
  bios: z.enum(["seabios", "ovmf"]).optional(),
  /** Its type; other settings of PVE's machine property stay as they are. */
  machine: z
    .string()
    .regex(/^[\w.+-]+$/, 'must be a machine type like "q35"')
    .optional(),
  osType: z.string().optional(),
  scsiController: z.string().optional(),
  display: z.string().optional(),
  /** Slots in the order in which the firmware tries them. */
  bootOrder: z.array(z.string()).min(1).optional(),
  /** What a running guest takes at once. */
  hotplug: z
    .array(z.enum(["network", "disk", "usb", "memory", "cpu", "cloudinit"]))
    .optional(),
  efiDisk: efiDisk.optional(),
  tpm: tpm.optional(),
  disks,
  nics,
  pciDevices: pciDevices.optional(),
  usbDevices: usbDevices.optional(),
  serialPorts: serialPorts.optional(),
  cloudInit: cloudInit.optional(),
  startup: z
    .strictObject({
      order: z.int().min(0).optional(),
      /** Seconds until the next guest starts, or stops. */
      upDelay: z.int().min(0).optional(),
      downDelay: z.int().min(0).optional(),
    })
    .optional(),
  tags: z
    .array(z.string().regex(/^[a-z0-9_][a-z0-9_.+-]*$/, "must be lower-case"))
    .optional(),
  pool: z.string().optional(),
  /** Managed by the cluster's HA stack, which then decides about the node. */
  ha: z
    .strictObject({
      maxRestart: z.int().min(0).max(10).optional(),
      maxRelocate: z.int().min(0).max(10).optional(),
      failback: z.boolean().optional(),
    })
    .optional(),
  /** PVE then refuses to remove the guest and its disks. */
  protection: z.boolean().optional(),
  onBoot: z.boolean().default(true),
  /** Whether the image runs the QEMU guest agent. */
  agent: z.boolean().default(false),
  power: z.enum(["running", "stopped"]).default("running"),
  /** When a running guest restarts for what it could not take at once. */
  reboot: z.enum(["never", "ifPending", "always"]).default("ifPending"),
  adopt: z.boolean().optional(),
  timeouts: deadlines
    .extend({
      /** How long to wait for the guest agent's first answer after a start. */
      agent: seconds,
      /** How long a guest may take to shut down before its power is cut. */
      shutdown: seconds,
    })
    .optional(),
});

/** With what must hold between inputs; what a device has need not keep to that. */
export const schema = fields.superRefine((inputs, context) => {
  const refuse = (property: string, message: string) =>
    context.addIssue({ code: "custom", path: [property], message });
  const { balloon, memory, bios, machine, numa } = inputs;
  if (balloon !== undefined && balloon > memory) {
    refuse("balloon", "is more than memory, make it at most that");
  }
  if (inputs.efiDisk && bios !== "ovmf") {
    refuse("efiDisk", 'needs bios "ovmf"');
  }
  if (inputs.numaNodes && !numa) refuse("numaNodes", "needs numa: true");
  const pcie = Object.values(inputs.pciDevices ?? {}).some((pci) => pci.pcie);
  if (pcie && !machine?.includes("q35")) {
    refuse("pciDevices", 'pcie needs machine "q35"');
  }
  for (const nic of Object.keys(inputs.cloudInit?.addresses ?? {})) {
    if (nic in inputs.nics) continue;
    refuse("cloudInit", `addresses names ${nic}, which nics has not`);
  }
  if ("image" in inputs.source && !("scsi0" in inputs.disks)) {
    refuse("disks", "needs scsi0, which is made of the image");
  }
});

export type VirtualMachineInputs = z.output<typeof schema> & { node: string };

export function parse(inputs: unknown): VirtualMachineInputs {
  const parsed = fields.parse(inputs);
  return { ...parsed, node: parsed.node ?? parsed.host };
}

export interface VirtualMachineOutputs {
  vmNumber: number;
  /** What the guest agent told last; empty without an agent. */
  addresses: string[];
  /** Volumes of removed slots that were to be kept: declared again, a slot has its own back. */
  kept?: Record<string, string>;
  /** Keys of cloud-init that an update which failed wrote, without the restart that they need. */
  owed?: string[];
  /**
   * Changes that wait for the guest's next start. There also when it is empty:
   * an output that the state lacks is unknown at every preview.
   */
  pending?: string[];
}
