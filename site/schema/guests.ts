import { z } from "zod";
import { ipv4 } from "./address";
import { name } from "./site";
import { size } from "./units";

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
});

const cloudInit = z.strictObject({
  storage: z.string().describe("Where the generated drive is kept."),
  user: z.string().optional(),
  sshKeys: z.array(z.string()).optional(),
  dns: z.array(ipv4).optional(),
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
  memory: size,
  disks: z.array(disk).min(1),
  nics: z.array(nic).min(1),
  cloudInit: cloudInit.optional(),
  tags: z.array(z.string()).default([]),
  onBoot: z.boolean().default(true),
  agent: z.boolean().default(false).describe("The image runs the QEMU agent."),
  power: z.enum(["running", "stopped"]).default("running"),
});
