import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";

/** What a host may have, too: there the rule below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner; known to the state only. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  /** PVE's name of it; left out: `host`. */
  node: z.string().optional(),
  name: z.string(),
  /** In seconds, from the node's boot until its first guest with onBoot starts. */
  startDelay: z
    .int()
    .min(0)
    .max(300, "must be at most 300: PVE takes no longer delay")
    .optional(),
  /** Of those that "timedatectl list-timezones" has on the node. */
  timezone: z
    .string()
    .regex(/^[A-Z]\w+(\/[\w+-]+)*$/, "must be a zone like America/New_York")
    .optional(),
  /** In seconds; left out: 60. */
  timeouts,
});

export type NodeOptionsInputs = z.output<typeof shape> & { node: string };

export function parse(inputs: unknown): NodeOptionsInputs {
  const parsed = shape.parse(inputs);
  return { ...parsed, node: parsed.node ?? parsed.host };
}

export interface Options {
  /** 0 where PVE has none. */
  startDelay?: number;
  timezone?: string;
}

export interface NodeOptionsOutputs {
  /** What stood there before, of what is declared. */
  before: Options;
}

export const schema = shape.superRefine(({ startDelay, timezone }, context) => {
  if (startDelay !== undefined || timezone !== undefined) return;
  context.addIssue({
    code: "custom",
    path: [],
    message: "must declare startDelay, timezone or both",
  });
});
