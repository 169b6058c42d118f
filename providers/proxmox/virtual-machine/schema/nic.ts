import { z } from "zod";
import { slot } from "./slot";

const tag = z.int().min(1).max(4094);

const nic = z
  .strictObject({
    bridge: z.string(),
    /** Left out: virtio. */
    model: z
      .enum(["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"])
      .optional(),
    tag: tag.optional(),
    trunks: z.array(tag).min(1).optional(),
    /** 1: that of the bridge. */
    mtu: z
      .int()
      .max(65_520)
      .refine((mtu) => mtu === 1 || mtu >= 576, "must be 1, or 576 to 65520")
      .optional(),
    /** Whether PVE's firewall filters it. */
    firewall: z.boolean().optional(),
    /** Given by PVE and kept when left out. */
    mac: z
      .string()
      .regex(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/, "must be like BC:24:11:00:00:01")
      .optional(),
    queues: z.int().min(0).max(64).optional(),
    /** MB/s */
    rateLimit: z.number().positive().optional(),
    /** False: the cable is out. */
    connected: z.boolean().optional(),
  })
  .superRefine(({ model, mtu, queues }, context) => {
    if (model === undefined || model === "virtio") return;
    for (const [key, value] of Object.entries({ mtu, queues })) {
      if (value === undefined) continue;
      const message = `is for virtio NICs, not for ${model}`;
      context.addIssue({ code: "custom", path: [key], message });
    }
  });

export const nics = z.record(slot("net", 31), nic);

export type Nic = z.output<typeof nic>;
