import { z } from "zod";
import { ipv4 } from "./address";
import { name } from "./site";
import { duration, size } from "./units";

const disk = z.strictObject({
  slot: z
    .string()
    .regex(
      /^(scsi([12]?\d|30)|virtio(\d|1[0-5])|sata[0-5])$/,
      "must be a slot like scsi0",
    ),
  storage: z.string(),
  size: size.describe("Grows in place; PVE cannot shrink a disk."),
  onDestroy: z
    .enum(["keep", "destroy"])
    .describe("What becomes of the data when the guest goes."),
  discard: z.boolean().optional().describe("Frees what the guest deletes."),
  ssd: z.boolean().optional().describe("Shown to the guest as an SSD."),
  ioThread: z.boolean().optional(),
  cache: z
    .enum(["none", "writethrough", "writeback", "unsafe", "directsync"])
    .optional(),
  backup: z.boolean().optional().describe("Left out: PVE backs it up."),
});

const nic = z.strictObject({
  bridge: z.string(),
  network: z.string().optional().describe("The one network it is in."),
  trunk: z.array(z.string()).min(1).optional().describe("Tagged networks."),
  address: z
    .union([z.literal("dhcp"), z.literal("none"), ipv4], {
      error: 'is no address, write an IPv4 address, "dhcp" or "none"',
    })
    .optional()
    .describe("Left out: dhcp."),
  mac: z
    .string()
    .regex(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/, "must be like BC:24:11:00:00:01")
    .optional()
    .describe("Left out: PVE gives one, which stays."),
  mtu: z.int().min(576).max(65_520).optional(),
  firewall: z.boolean().optional().describe("PVE's own firewall filters it."),
});

const cloudInit = z.strictObject({
  storage: z.string().describe("Where the generated drive is kept."),
  user: z.string().optional(),
  sshKeys: z.array(z.string()).optional(),
  dns: z.array(ipv4).optional(),
  searchDomain: z.string().optional(),
  upgrade: z
    .boolean()
    .optional()
    .describe(
      "Whether packages are upgraded at first boot; PVE's default: yes.",
    ),
});

const startup = z.strictObject({
  order: z.int().min(0).optional(),
  upDelay: duration.optional().describe("Until the next guest starts."),
  downDelay: duration.optional().describe("Until the next guest stops."),
});

const ha = z.strictObject({
  maxRestart: z.int().min(0).max(10).optional(),
  maxRelocate: z.int().min(0).max(10).optional(),
  failback: z.boolean().optional(),
});

const pciDevice = z.strictObject({
  mapping: z.string().describe("Resource mapping of the cluster."),
  pcie: z.boolean().optional().describe('Needs machine "q35".'),
});

export const guest = z.strictObject({
  name,
  host: z.string().describe("Name of a host of proxmox.hosts."),
  image: z.string().describe("Name of an image of proxmox.images."),
  from: z
    .enum(["clone", "import"])
    .default("clone")
    .describe("Clone of the image's template, or the image itself."),
  role: z
    .enum(["router", "tunnel", "service", "kubernetes"])
    .default("service")
    .describe("What placement rules go by."),
  vmId: z.int().min(100).max(999_999_999).optional(),
  cores: z.int().min(1),
  cpuType: z.string().optional().describe("PVE's name, e.g. host."),
  memory: size,
  balloon: size.optional().describe("What ballooning leaves at least."),
  bios: z.enum(["seabios", "ovmf"]).optional(),
  machine: z.string().optional().describe("e.g. q35"),
  efiDisk: z
    .strictObject({ storage: z.string() })
    .optional()
    .describe('Firmware variables; needs bios "ovmf".'),
  tpm: z.strictObject({ storage: z.string() }).optional(),
  disks: z.array(disk).min(1),
  nics: z.array(nic).min(1),
  pciDevices: z.array(pciDevice).max(16).optional(),
  cloudInit: cloudInit.optional(),
  tags: z
    .array(
      z
        .string()
        .regex(
          /^[a-z0-9_][a-z0-9_.+-]*$/,
          "must be lower-case letters, digits, _ . + and -",
        ),
    )
    .default([]),
  pool: z.string().optional().describe("PVE pool, which must be there."),
  startup: startup.optional().describe("Place in the host's boot order."),
  ha: ha.optional().describe("Kept up by the cluster's HA stack."),
  protection: z.boolean().optional().describe("PVE refuses to remove it."),
  reboot: z
    .enum(["never", "ifPending", "always"])
    .optional()
    .describe("When a change restarts it; left out: when it must."),
  onBoot: z.boolean().default(true),
  agent: z.boolean().default(false).describe("The image runs the QEMU agent."),
  power: z.enum(["running", "stopped"]).default("running"),
});
