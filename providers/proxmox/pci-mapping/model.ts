import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";

const vendorAndDevice = z
  .string()
  .regex(
    /^[0-9a-f]{4}:[0-9a-f]{4}$/,
    'must be vendor and device as sysfs has them, "8086:1521"',
  );
const address = "[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}(\\.[0-9a-f])?";

const device = z.strictObject({
  node: z.string(),
  /**
   * A function ("0000:01:00.0"), a whole card ("0000:01:00"), or several of
   * these with ";" between, which a guest gets together.
   */
  path: z
    .string()
    .regex(
      new RegExp(`^${address}(;${address})*$`),
      'must be a PCI address like "0000:01:00.0", or "0000:01:00" for a whole card',
    ),
  /** Vendor and device of the (first) function: another card is refused. */
  id: vendorAndDevice,
  /** Left out: as the card has it. */
  subsystemId: vendorAndDevice.optional(),
  /** Left out: as the card has it. */
  iommuGroup: z.int().min(0).optional(),
});

export type DeviceInputs = z.output<typeof device>;

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  owner: z.string(),
  host: z.string(),
  /** PVE's id of the mapping. */
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]+$/i,
      "must be 2 or more letters, digits, hyphens and underscores, a letter first",
    ),
  description: z.string().optional(),
  /** Of one node's several a guest gets the first that is free. */
  map: z.array(device),
  adopt: z.boolean().optional(),
  timeouts,
});

export type PciMappingInputs = z.output<typeof shape>;

export function parse(inputs: unknown): PciMappingInputs {
  return shape.parse(inputs);
}

export interface PciMappingOutputs {
  adopted: boolean;
}

/** PVE takes 4096 characters, and the mark is to fit. */
const longestDescription = 3_500;

export const schema = shape.superRefine((inputs, context) => {
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const { description = "", map } = inputs;
  if (/[\r\n]/.test(description))
    problem(["description"], "must be one line: PVE writes no other");
  else if (description !== description.trim())
    problem(["description"], "must not begin or end with a blank");
  if (description.length > longestDescription) {
    problem(
      ["description"],
      `must have at most ${longestDescription} characters`,
    );
  }
  if (map.length === 0) problem(["map"], "must not be empty");
  const seen = new Set<string>();
  for (const [index, { node, path }] of map.entries()) {
    const key = `${node} ${path}`;
    if (seen.has(key))
      problem(["map", index], `${path} of node ${node} is there twice`);
    seen.add(key);
  }
});
