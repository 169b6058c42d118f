import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";

/** Linux takes no more than 15 characters. */
const interfaceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{1,14}$/i,
    "must be 2 to 15 letters, digits and underscores, a letter first",
  );
const vlanId = z.int().min(1).max(4094);
const mtu = z.int().min(1280).max(65_520);

const bond = z.strictObject({
  mode: z.enum([
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
  ]),
  slaves: z.array(z.string()),
  xmitHashPolicy: z.enum(["layer2", "layer2+3", "layer3+4"]).optional(),
  primary: z.string().optional(),
  mtu: mtu.optional(),
});

/** What a host may have, too: there the rules below can be broken. */
const shape = z.strictObject({
  /** "<site id>/<kind>/<name>", by formatOwner; the mark in the bridge's comments. */
  owner: z.string(),
  /** Key of the endpoint and credential in hybrid-site:endpoints and :credentials. */
  host: z.string(),
  /** Left out: called as the host. */
  node: z.string().optional(),
  name: interfaceName,
  vlanAware: z.boolean(),
  /** VLANs that a VLAN-aware bridge carries; left out: all. */
  vlanIds: z
    .array(
      z.union([
        vlanId,
        z.string().regex(/^\d+-\d+$/, 'must be a VLAN or a range, "10-20"'),
      ]),
    )
    .min(1)
    .optional(),
  /** NICs and bonds that the bridge takes in. */
  ports: z.array(z.string()),
  /** By name. PVE knows a bond by that name only. */
  bonds: z
    .record(z.string().regex(/^bond\d+$/, "must be bond0, bond1 ..."), bond)
    .optional(),
  mtu: mtu.optional(),
  address: z.cidrv4().optional(),
  gateway: z.ipv4().optional(),
  address6: z.cidrv6().optional(),
  gateway6: z.ipv6().optional(),
  /** Comes up when the host starts; left out: yes for a new bridge. */
  autostart: z.boolean().optional(),
  comments: z.string().optional(),
  /**
   * Takes a bridge or bond over that stands there without a mark: what is
   * declared is changed, the rest stays, and deletion takes only the mark away.
   */
  adopt: z.boolean().optional(),
  /**
   * The operator stands at the console or on the recovery port: a change that
   * cuts the management address, which nobody can undo over the network, is
   * made all the same.
   */
  recoveryPortInUse: z.boolean().optional(),
  /** In seconds; left out: 240, to read 60. */
  timeouts,
});

export const schema = shape.superRefine((inputs, context) => {
  for (const [path, message] of problemsOf(inputs)) {
    context.addIssue({ code: "custom", path, message });
  }
});

function problemsOf({ bonds = {}, ports, ...inputs }: z.output<typeof shape>) {
  const problems: [path: string[], message: string][] = [];
  const rule = (isKept: unknown, path: string[], message: string) => {
    if (!isKept) problems.push([path, message]);
  };
  const { vlanIds, vlanAware, address, address6, gateway, gateway6 } = inputs;
  rule(!vlanIds || vlanAware, ["vlanIds"], "needs vlanAware: true");
  rule(!gateway || address, ["gateway"], "needs an address");
  rule(!gateway6 || address6, ["gateway6"], "needs an address6");
  for (const [name, bond] of Object.entries(bonds)) {
    const { mode, slaves, primary, xmitHashPolicy } = bond;
    const at = (key: string) => ["bonds", name, key];
    rule(ports.includes(name), ["bonds", name], "must be among the ports");
    rule(slaves.length > 0, at("slaves"), "must have one at least");
    // PVE leaves both out of the file without a word where they do not apply.
    rule(
      !xmitHashPolicy || /^(balance-xor|802\.3ad)$/.test(mode),
      at("xmitHashPolicy"),
      "is for the modes balance-xor and 802.3ad only",
    );
    rule(
      !primary || (mode === "active-backup" && slaves.includes(primary)),
      at("primary"),
      "must be one of the slaves, in mode active-backup",
    );
  }
  return problems;
}

export type BondInputs = z.output<typeof bond>;
export type BridgeInputs = z.output<typeof shape> & { node: string };

export function parse(inputs: unknown): BridgeInputs {
  const parsed = shape.parse(inputs);
  return { ...parsed, node: parsed.node ?? parsed.host };
}

export interface BridgeOutputs {
  adopted: boolean;
}
