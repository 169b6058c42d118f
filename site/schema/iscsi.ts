import { z } from "zod";
import { name } from "./site";
import { duration } from "./units";

const target = z.strictObject({
  name,
  to: z.array(z.string()).min(1).describe("Hosts of Proxmox VE that log in."),
  luns: z
    .array(
      z.strictObject({
        lun: z.int().min(0).max(255).describe("Its number, for good."),
        volume: z.string().describe("Name of a volume of storage.datasets."),
      }),
    )
    .min(1),
  shared: z
    .string()
    .min(10)
    .optional()
    .describe(
      "Why several hosts may write to one disk; left out: they may not.",
    ),
  storage: z
    .string()
    .regex(/^[a-z][a-z0-9_.-]*[a-z0-9]$/, "must be a PVE storage id")
    .optional()
    .describe("PVE's id of the storage; left out: PVE is told nothing."),
  whenInUse: z
    .enum(["refuse", "disconnect"])
    .default("refuse")
    .describe("What a change does that takes a disk from a host logged in."),
});

export const iscsi = z.strictObject({
  authority: z
    .string()
    .regex(
      /^iqn\.\d{4}-(0[1-9]|1[0-2])\.[a-z0-9]+([.-][a-z0-9]+)*$/,
      'must be a month in which the domain was yours, and the domain backwards, like "iqn.2026-01.net.example"',
    )
    .describe("Begin of all names of targets and initiators."),
  serverReboot: duration.describe(
    "Measured, from the server's last answer to its next, e.g. 4min. Hosts wait twice as long for their disks.",
  ),
  targets: z.array(target).default([]),
});
