import { z } from "zod";
import { models } from "../catalog";
import { ipv4 } from "./address";
import { name } from "./site";
import { size } from "./units";

const host = z.strictObject({
  name,
  model: z.enum(models).describe("Machine of the catalog (site/catalog.ts)."),
  role: z
    .enum(["compute", "router-switch-storage"])
    .describe("What the machine is there for."),
  cores: z.int().min(1).describe("Physical cores."),
  memory: size.describe("Memory installed, e.g. 64GiB."),
  addresses: z
    .record(z.string(), ipv4)
    .describe("Static address in each network that the host itself is in."),
  bmc: ipv4.optional().describe("Address of the management controller."),
  recoveryPort: z
    .string()
    .optional()
    .describe("NIC kept out of every bridge, reached when all else fails."),
});

export const hardware = z.strictObject({
  hosts: z.array(host).min(1).describe("The site's physical machines."),
});
