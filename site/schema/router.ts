import { z } from "zod";

const device = z
  .string()
  .regex(/^[^\s/:]+$/, "must be a device of the router, like eth0");

export const router = z.strictObject({
  guest: z.string().describe("Name of the guest that it runs in."),
  management: z
    .string()
    .describe("Network that it is administered from, and no other."),
  trunk: device.describe("Device of its trunk NIC."),
  macs: z
    .record(
      device,
      z
        .string()
        .regex(
          /^([0-9A-F]{2}:){5}[0-9A-F]{2}$/,
          "must be like BC:24:11:00:00:01",
        ),
    )
    .optional()
    .describe("MAC of each device, checked before anything is changed."),
  wanCard: z
    .string()
    .describe("PCI resource mapping with the WAN ports, given to the guest."),
});
