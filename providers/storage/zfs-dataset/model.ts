import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import type { Marked } from "../../dynamic/mark";
import { managed, problemOf } from "./managed";
import { scheduleProblem } from "./snapshots";

const component = "[A-Za-z0-9][A-Za-z0-9_.:-]*";

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_.-]*$/i,
      "must be letters, digits, dots, hyphens and underscores",
    ),
  /** "pool/path"; its parent has to be there. */
  dataset: z
    .string()
    .max(200)
    .regex(
      new RegExp(`^${component}(/${component})+$`),
      'must be "POOL/PATH", of letters, digits and _ . : -',
    ),
  /** Of the pool that is meant: looked at before every change. */
  poolGuid: z.string().regex(/^[1-9]\d*$/, "must be the pool's GUID in digits"),
  type: z.enum(["filesystem", "volume"]),
  /** Native properties, set here and not inherited; one that is left out is inherited. */
  properties: z.record(z.string(), z.string()).optional(),
  /** Of a volume, in bytes; it can only grow. */
  volsize: z.int().min(1).optional(),
  snapshots: z
    .strictObject({
      /** When, as systemd writes it: "hourly", "*:00/15", "Mon..Fri 02:30". */
      schedule: z.string(),
      /** How many are kept. */
      keep: z.int(),
    })
    .optional(),
  /** Takes over a dataset that is there; deletion lets it go. */
  adopt: z.boolean().optional(),
  /**
   * "pool/path@GUID" or the GUID of the dataset: deletion destroys it, its
   * data and its snapshots. Left out: deletion leaves all that it is.
   */
  destroy: z.string().optional(),
  /** Of one that is lost, by its GUID: an empty one is made in its place. */
  remake: z
    .strictObject({
      guid: z.string().regex(/^[1-9]\d*$/, "must be the GUID in digits"),
      /** As it is found: no dataset of its pool has its GUID any more. */
      lost: z.literal(true).optional(),
    })
    .optional(),
  /** In seconds; left out: 120. */
  timeouts,
});

export type ZfsDatasetInputs = z.output<typeof shape>;

export function parse(inputs: unknown): ZfsDatasetInputs {
  return shape.parse(inputs);
}

export interface ZfsDatasetOutputs extends Marked {
  /** The dataset's own, for `destroy`. */
  guid: string;
  adopted: boolean;
}

const mebibyte = 2 ** 20;

export const schema = shape.superRefine((inputs, context) => {
  const problem = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const { type, volsize, properties = {}, snapshots, destroy } = inputs;
  if (inputs.remake?.lost)
    problem(["remake", "lost"], "is only found, and never declared");
  if (type === "volume" && volsize === undefined)
    problem(["volsize"], "must be there for a volume");
  if (type === "filesystem" && volsize !== undefined)
    problem(["volsize"], "is for a volume only, use the property quota");
  // ZFS would round it, and tell another size than was declared.
  if (volsize !== undefined && volsize % mebibyte !== 0)
    problem(["volsize"], "must be whole mebibytes");
  for (const [key, value] of Object.entries(properties)) {
    const wrong = problemOf(key, value, type);
    if (wrong) problem(["properties", key], wrong);
  }
  const { encryption = "off", keyformat, keylocation } = properties;
  if (keyformat && encryption === "off")
    problem(["properties", "keyformat"], "needs encryption");
  if ((keyformat === undefined) !== (keylocation === undefined)) {
    problem(
      ["properties", keyformat ? "keylocation" : "keyformat"],
      "must be there too: nobody can be asked for a key",
    );
  }
  if (snapshots) {
    const wrong = scheduleProblem(snapshots.schedule);
    if (wrong) problem(["snapshots", "schedule"], wrong);
    if (snapshots.keep < 1 || snapshots.keep > 10_000)
      problem(["snapshots", "keep"], "must be from 1 to 10000");
  }
  const [, named, guid] = /^(?:(.*)@)?([1-9]\d*)$/.exec(destroy ?? "") ?? [];
  const isMeant = guid && (named === undefined || named === inputs.dataset);
  if (destroy !== undefined && !isMeant) {
    problem(
      ["destroy"],
      `must repeat what is to go: "${inputs.dataset}@GUID", with the output guid`,
    );
  }
});

export function fixedKeys(): string[] {
  return Object.keys(managed).filter((key) => managed[key]?.isFixed);
}

/** What `destroy` repeats. */
export function guidToDestroy(destroy: string): string {
  return destroy.slice(destroy.indexOf("@") + 1);
}
