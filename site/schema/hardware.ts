import { z } from "zod";
import { machineModels, memoryTypes, processorModels } from "../catalog";
import { ipv4 } from "./address";
import { diskSize, wwn } from "./disks";
import { cabling, shelves } from "./shelves";
import { name } from "./site";
import { size } from "./units";

const memoryModule = {
  count: z.int().min(1).describe("How many."),
  size: size.describe("Of each, e.g. 8GiB."),
  type: z.enum(memoryTypes).describe("Registered, unbuffered, load reduced."),
};

const card = z.strictObject({
  name: z
    .string()
    .regex(/^[\w-]+$/, "must be letters, digits, hyphens and underscores")
    .describe("What the host's cabling calls it."),
  model: z.string().describe("Card of the catalog (site/catalog/cards.ts)."),
  slot: z.string().optional().describe("Of the machine; left out: any."),
  path: z
    .string()
    .regex(
      /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}(\.[0-9a-f])?$/,
      "must be a PCI address like 0000:03:00",
    )
    .optional()
    .describe("Where it is found: lspci -D."),
});

const disk = z.strictObject({
  name,
  size: diskSize,
  medium: z.enum(["hdd", "ssd"]),
  wwn: wwn.optional(),
});

const host = z.strictObject({
  name,
  model: z
    .enum(machineModels)
    .describe("Machine of the catalog (site/catalog/machines.ts)."),
  role: z
    .enum(["compute", "router-switch-storage"])
    .describe("What the machine is there for."),
  cpu: z
    .strictObject({
      model: z
        .enum(processorModels)
        .describe("Of the catalog (site/catalog/processors.ts)."),
      count: z.int().min(1).max(8).default(1).describe("Sockets in use."),
    })
    .optional()
    .describe("What memory and cards are judged by."),
  cores: z.int().min(1).describe("Physical cores."),
  memory: size.describe("Memory installed, e.g. 64GiB."),
  modules: z
    .array(
      z.strictObject({
        ...memoryModule,
        ecc: z.boolean().default(true).describe("Corrects errors."),
        from: z
          .string()
          .optional()
          .describe("Lot of hardware.spareMemory that they come from."),
      }),
    )
    .min(1)
    .optional()
    .describe("What the memory is made of."),
  cards: z.array(card).default([]).describe("In its PCI Express slots."),
  disks: z.array(disk).default([]).describe("In the machine itself."),
  boot: z
    .strictObject({
      layout: z.enum(["mirror", "single"]),
      disks: z.array(z.string()).min(1).describe("Names of its disks."),
    })
    .optional()
    .describe("What it starts from."),
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
  spareMemory: z
    .array(z.strictObject({ name, ...memoryModule }))
    .default([])
    .describe("Modules that were bought or taken out, by lot."),
  shelves,
  cabling,
});
