import { z } from "zod";
import { cidr, ipv4 } from "./address";
import { ports, protocol } from "./services";
import { name } from "./site";
import { duration } from "./units";

const dhcp = z.strictObject({
  from: ipv4.describe("First address that is given away."),
  to: ipv4.describe("Last one."),
  lease: duration
    .refine((lease) => lease >= 120_000 && lease % 60_000 === 0, {
      error: "dnsmasq takes whole minutes, and at least two",
    })
    .describe("How long an address is lent, e.g. 12h."),
});

const allow = z.strictObject({
  to: z.string().describe('Name of a network, or "internet".'),
  protocol,
  ports: ports.optional().describe("With tcp and udp only; left out: all."),
  reason: z
    .string()
    // The kernel keeps at most 128 bytes beside a rule, names included.
    .regex(
      /^(?=.*[^ ])[ !#-[\]-~]{1,80}$/,
      "must say something, in 1 to 80 plain characters without quotes and backslashes",
    )
    .describe("What it is for, for the people who read the rules."),
});

export const network = z.strictObject({
  name,
  vlan: z.int().min(1).max(4094).describe("VLAN id."),
  cidr: cidr.describe("IPv4 network of the VLAN."),
  gateway: ipv4
    .optional()
    .describe("The router's address; left out: nothing leaves this VLAN."),
  dhcp: dhcp
    .optional()
    .describe("Addresses and names from the router; left out: neither."),
  wan: z
    .union([z.string(), z.strictObject({ only: z.string() })], {
      error: 'is neither a policy of wan.policies nor "only:" with a line',
    })
    .optional()
    .describe(
      "Policy of all its traffic to the internet, or the one line that it may take; left out: wan.rules.",
    ),
  allow: z
    .array(allow)
    .optional()
    .describe("What it may reach; everything else is refused."),
});
