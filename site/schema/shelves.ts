import { z } from "zod";
import { connectors } from "../catalog";
import { diskSize, wwn } from "./disks";
import { name } from "./site";

const connector = z.enum(connectors);

const disk = z.strictObject({
  bay: z.int().min(0).describe("As the shelf counts, from 0 or 1."),
  wwn,
  size: diskSize,
  medium: z.enum(["hdd", "ssd"]).describe("Rotates or not."),
});

const shelf = z.strictObject({
  name,
  model: z.string().optional().describe("For the people who look for it."),
  logicalId: z
    .string()
    .regex(/^0x[0-9a-f]{16}$/, "must be a logical id like 0x500304801f2b3c3f")
    .optional()
    .describe(
      "What it says that it is: /sys/class/enclosure/*/id. Left out: it is known by its disks.",
    ),
  bays: z.int().min(1).max(106).describe("Disks that it takes."),
  connector: connector.describe("Of its host ports."),
  paths: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe("Cables on different I/O modules; two want multipath."),
  disks: z.array(disk),
});

const hostPort = z
  .string()
  .regex(
    /^[a-z0-9-]+\/[\w-]+\/\d+$|^[a-z0-9-]+$/,
    'must be "HOST/CARD/PORT", or the shelf that is passed through',
  )
  .transform((text) => {
    const [from = "", card, port] = text.split("/");
    return card === undefined
      ? { shelf: from, host: undefined }
      : { host: from, card, port: Number(port), shelf: undefined };
  });

const sasCable = z.strictObject({
  from: hostPort.describe("Port of an HBA, or the shelf before in a chain."),
  to: z.string().describe("Name of a shelf."),
  plugs: z
    .tuple([connector, connector])
    .describe("At the end of `from`, and of `to`."),
});

const nic = z
  .string()
  .regex(/^[a-z0-9-]+\/[\w.-]+$/, 'must be "HOST/NIC", like ml110/eno1')
  .transform((text) => {
    const [host = "", device = ""] = text.split("/");
    return { host, device };
  });

const networkCable = z.strictObject({
  from: nic.describe("NIC of a host."),
  to: nic.describe("NIC of another."),
});

export const shelves = z
  .array(shelf)
  .default([])
  .describe("SAS enclosures outside the hosts.");

export const cabling = z
  .strictObject({
    sas: z.array(sasCable).default([]).describe("HBA ports to shelves."),
    network: z
      .array(networkCable)
      .default([])
      .describe("NICs of hosts to each other."),
  })
  .default({ sas: [], network: [] });
