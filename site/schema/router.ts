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
    .strictObject({
      mapping: z
        .string()
        .regex(/^[a-z][a-z0-9_-]+$/i, "must be an id of PVE, like i350-t4")
        .describe("PVE's resource mapping, which is made of it."),
      path: z
        .string()
        .regex(
          /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}(\.[0-9a-f])?$/,
          "must be a PCI address like 0000:03:00, the whole card",
        )
        .describe("Where it sits in the host: lspci -D."),
      id: z
        .string()
        .regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/, "must be like 8086:1521")
        .describe("Vendor and device: lspci -n. Another card is refused."),
    })
    .describe("Card with the WAN ports, given to the router's guest."),
});
