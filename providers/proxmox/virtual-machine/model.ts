import { z } from "zod";

const index = (kind: string, last: number) =>
  z.string().refine(
    (text) => {
      const [, digits] = new RegExp(`^${kind}(\\d+)$`).exec(text) ?? [];
      return digits !== undefined && Number(digits) <= last;
    },
    { error: `must be ${kind}0 to ${kind}${last}` },
  );

const tag = z.int().min(1).max(4094);

const disk = z.strictObject({
  storage: z.string(),
  /** GiB */
  size: z.int().min(1),
  /** What becomes of the volume when the guest or the slot goes. */
  onDestroy: z.enum(["keep", "destroy"]),
  discard: z.boolean().optional(),
  ssd: z.boolean().optional(),
});

const nic = z.strictObject({
  bridge: z.string(),
  tag: tag.optional(),
  trunks: z.array(tag).min(1).optional(),
  /** Given by PVE and kept when left out. */
  mac: z
    .string()
    .regex(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/, "must be like BC:24:11:00:00:01")
    .optional(),
});

const address = z.strictObject({
  /** "dhcp" or an address with its prefix length, 10.0.0.5/24 */
  ipv4: z.string(),
  gateway: z.string().optional(),
});

const cloudInit = z.strictObject({
  /** Where PVE keeps the generated drive, always in slot ide2. */
  storage: z.string(),
  user: z.string().optional(),
  sshKeys: z.array(z.string()).optional(),
  nameservers: z.array(z.string()).optional(),
  searchDomain: z.string().optional(),
  /** By NIC, "net0". */
  addresses: z.record(index("net", 31), address).optional(),
});

const source = z.union([
  z.strictObject({
    /** Name of a template on the node; its disks come along. */
    template: z.string(),
    /** False: a linked clone, which needs the template for ever. */
    full: z.boolean().optional(),
  }),
  z.strictObject({
    /** Volume with an image, "local:import/openwrt.raw", for slot scsi0. */
    image: z.string(),
  }),
]);

const seconds = z.int().min(1).optional();

export const schema = z.strictObject({
  owner: z.string(),
  host: z.string(),
  /** Left out: called as the host. */
  node: z.string().optional(),
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
  /** MiB */
  memory: z.int().min(16),
  cpuType: z.string().optional(),
  disks: z.record(
    z.union([index("scsi", 30), index("virtio", 15), index("sata", 5)]),
    disk,
  ),
  nics: z.record(index("net", 31), nic),
  cloudInit: cloudInit.optional(),
  tags: z
    .array(z.string().regex(/^[a-z0-9_][a-z0-9_.+-]*$/, "must be lower-case"))
    .optional(),
  onBoot: z.boolean().default(true),
  /** Whether the image runs the QEMU guest agent. */
  agent: z.boolean().default(false),
  power: z.enum(["running", "stopped"]).default("running"),
  adopt: z.boolean().optional(),
  timeouts: z
    .strictObject({
      create: seconds,
      read: seconds,
      update: seconds,
      delete: seconds,
      /** How long to wait for the guest agent's first answer after a start. */
      agent: seconds,
    })
    .optional(),
});

export type VirtualMachineInputs = z.output<typeof schema> & { node: string };

export function parse(inputs: unknown): VirtualMachineInputs {
  const parsed = schema.parse(inputs);
  return { ...parsed, node: parsed.node ?? parsed.host };
}

export type Disk = z.output<typeof disk>;
export type Nic = z.output<typeof nic>;

export interface VirtualMachineOutputs {
  vmNumber: number;
  /** What the guest agent told last; empty without an agent. */
  addresses: string[];
}

export const outputKeys = ["vmNumber", "addresses"] as const;
