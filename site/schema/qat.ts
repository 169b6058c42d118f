import { z } from "zod";
import { name } from "./site";

const count = z.int().min(0).max(64);
const instances = {
  crypto: count.optional(),
  compression: count.optional(),
};

export const qatDevice = z.strictObject({
  name,
  host: z.string().describe("Name of a machine of hardware.hosts."),
  card: z.string().describe("Name of a card of that machine."),
  endpoints: z
    .array(
      z
        .string()
        .regex(
          /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/,
          "must be a PCI address like 0000:54:00.0",
        ),
    )
    .length(3)
    .optional()
    .describe("Its three functions; needed only where a host has two cards."),
  stack: z
    .enum(["in-tree", "out-of-tree", "passthrough", "qatlib"])
    .describe(
      "The kernel's own driver, Intel's with files, or guests' virtual functions.",
    ),
  services: z
    .array(z.enum(["cy", "dc"]))
    .min(1)
    .optional()
    .describe("Of out-of-tree: cryptography, compression."),
  instances: z
    .strictObject({
      kernel: z
        .strictObject(instances)
        .optional()
        .describe("For the kernel's users."),
      user: z
        .strictObject({
          section: z
            .string()
            .regex(/^[A-Z][A-Z0-9_]*$/, "must be in capitals")
            .optional()
            .describe("As programs ask for it; left out: SHIM."),
          ...instances,
          processes: z.int().min(1).max(64).optional(),
        })
        .optional()
        .describe("For programs, of each process."),
    })
    .optional()
    .describe("Of out-of-tree, of each endpoint."),
  uses: z
    .array(z.enum(["ipsec", "tls"]))
    .default([])
    .describe("Who is meant to use it: outputs say who is shown to."),
  disableDenylist: z
    .boolean()
    .default(false)
    .describe("Of passthrough: takes the risk that vfio-pci warns of."),
  proof: z
    .strictObject({
      load: z.enum(["kernel", "openssl"]),
      run: z.string().min(1).describe("Any text; another one asks anew."),
    })
    .optional()
    .describe("Puts a load on the card, and looks at its counters."),
});
