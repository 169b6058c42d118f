import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import { dhcp } from "../uci/schema/dhcp";
import { firewall } from "../uci/schema/firewall";
import { mwan3 } from "../uci/schema/mwan3";
import { network } from "../uci/schema/network";
import type { Section } from "../uci/section";
import { problemsOf } from "./problems";

const verify = z.strictObject({
  /** Seconds that the change has for its proof; left out: what the lines' failover takes. */
  window: z.int().min(10).max(900).optional(),
  /** TCP connections from where Pulumi runs that must succeed afterwards. */
  probes: z
    .array(
      z.strictObject({ host: z.string(), port: z.int().min(1).max(65_535) }),
    )
    .optional(),
});

const common = {
  owner: z.string(),
  /** The router's name in endpoints and credentials. */
  host: z.string(),
  name: z.string(),
  /** MAC that each device must have, checked before anything is staged. */
  macs: z.record(z.string(), z.mac()).optional(),
  /** The network interface by which this router is administered. */
  management: z.string().optional(),
  verify: verify.optional(),
  /** Takes over sections that are there already; deletion puts them back. */
  adopt: z.boolean().optional(),
  /**
   * The operator stands at the console: a deletion that takes the management
   * interface away, which nobody can undo over the network, is made all the same.
   */
  recoveryPortInUse: z.boolean().optional(),
  timeouts,
};

export const schema = z
  .strictObject({ ...common, network, firewall, dhcp, mwan3 })
  .superRefine((inputs, context) => {
    for (const [path, message] of problemsOf(inputs)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
  });

const section = z.object({
  section: z.string(),
  type: z.string(),
  options: z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
  ),
});

/** What a router may have, too: there the rules can be broken. */
const shape = z.strictObject({
  ...common,
  network: z.array(section),
  firewall: z.array(section),
  dhcp: z.array(section),
  mwan3: z.array(section),
});

export type RouterInputs = z.output<typeof shape>;
export interface RouterOutputs {
  /** Of the last change that was proved and confirmed. */
  applied: string;
}

export const parse = (inputs: unknown): RouterInputs => shape.parse(inputs);

/** As a program gives them: the sections' types are checked at preview. */
export interface RouterArgs
  extends Omit<
    z.input<typeof schema>,
    "network" | "firewall" | "dhcp" | "mwan3"
  > {
  network: readonly Section[];
  firewall: readonly Section[];
  dhcp: readonly Section[];
  mwan3: readonly Section[];
}
