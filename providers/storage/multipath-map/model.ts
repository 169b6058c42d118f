import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import type { Marked } from "../../dynamic/mark";

/** As scsi_id and multipath name a disk: a digit for the kind of name before its WWN. */
const wwid = z
  .string()
  .regex(
    /^3[0-9a-f]{16}([0-9a-f]{16})?$/,
    'must be a WWID in lower case: "3" and the WWN without 0x ("multipath -ll" and "ls /dev/disk/by-id/wwn-*" show it)',
  );

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  name: z.string(),
  /** Of the disks that get a map each, "/dev/mapper/WWID"; no others do. */
  wwids: z.array(wwid),
  /** How many paths each disk has to have before anything is built on it; left out: 2. */
  paths: z.int().min(1).optional(),
  /** What multipath leaves alone, by regular expressions on names like "sda" and on WWIDs. */
  blacklist: z
    .strictObject({
      devnodes: z.array(z.string()).optional(),
      wwids: z.array(z.string()).optional(),
    })
    .optional(),
  /** Takes over the file of settings that is there; deletion lets it go. */
  adopt: z.boolean().optional(),
  /** In seconds; left out: 120, to read 60. */
  timeouts,
});

export type MultipathMapInputs = z.output<typeof shape>;

export function parse(inputs: unknown): MultipathMapInputs {
  return shape.parse(inputs);
}

export interface MultipathMapOutputs extends Marked {
  adopted: boolean;
  /** By WWID; the kernel's names are those of now. */
  maps: Record<string, { device: string; paths: Record<string, string> }>;
}

export const schema = shape.superRefine((inputs, context) => {
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const { wwids, blacklist = {} } = inputs;
  if (wwids.length === 0) problem(["wwids"], "must not be empty");
  for (const [index, item] of wwids.entries()) {
    if (wwids.indexOf(item) < index)
      problem(["wwids", index], `${item} is there twice`);
  }
  for (const key of ["devnodes", "wwids"] as const) {
    for (const [index, text] of (blacklist[key] ?? []).entries()) {
      if (!/^[^"\s]+$/.test(text)) {
        problem(
          ["blacklist", key, index],
          "must be a regular expression without blanks and quotes",
        );
      }
    }
  }
});
