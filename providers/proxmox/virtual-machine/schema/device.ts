import { z } from "zod";
import { slot } from "./slot";

/**
 * By resource mapping only: PVE lets no API token set raw PCI addresses, USB
 * ports or serial devices (qemu-server API2/Qemu.pm).
 */
export const pciDevices = z.record(
  slot("hostpci", 15),
  z.strictObject({
    mapping: z.string(),
    pcie: z.boolean().optional(),
    romBar: z.boolean().optional(),
    primaryGpu: z.boolean().optional(),
    /** Mediated device type, for shared GPUs. */
    mediatedDevice: z.string().optional(),
  }),
);

export const usbDevices = z.record(
  slot("usb", 13),
  z
    .strictObject({
      mapping: z.string().optional(),
      /** Redirected by the viewer. */
      spice: z.boolean().optional(),
      usb3: z.boolean().optional(),
    })
    .refine(
      ({ mapping, spice }) => (mapping === undefined) !== (spice !== true),
      "needs either mapping or spice: true",
    ),
);

export const serialPorts = z.record(slot("serial", 3), z.literal("socket"));

export const numaNodes = z.record(
  slot("numa", 7),
  z.strictObject({
    /** "0-3" */
    cpus: z.string().regex(/^\d+(-\d+)?(;\d+(-\d+)?)*$/, "must be like 0-3"),
    /** MiB */
    memory: z.int().min(1),
    hostNodes: z
      .string()
      .regex(/^\d+(-\d+)?(;\d+(-\d+)?)*$/, "must be like 0")
      .optional(),
    policy: z.enum(["preferred", "bind", "interleave"]).optional(),
  }),
);
