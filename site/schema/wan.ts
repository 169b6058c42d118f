import ipaddr from "ipaddr.js";
import { z } from "zod";
import { cidr, ipv4 } from "./address";
import { ports, protocol } from "./services";
import { name } from "./site";
import { duration } from "./units";

const seconds = duration.refine((time) => time % 1_000 === 0, {
  error: "mwan3 counts whole seconds",
});
const times = z.int().min(1).max(100);

const checks = {
  targets: z.array(ipv4).min(1).describe("Addresses that are pinged."),
  reliability: times.describe("How many of them must answer."),
  count: times.describe("Pings to each."),
  timeout: seconds.describe("For the answer to one ping."),
  interval: seconds.describe("Between two rounds."),
  down: times.describe("Bad rounds until the line is down."),
  up: times.describe("Good rounds until it is up again."),
  failureInterval: seconds
    .optional()
    .describe("Between rounds while it goes down; left out: interval."),
  recoveryInterval: seconds
    .optional()
    .describe("Between rounds while it comes up; left out: interval."),
};

const line = {
  name,
  interface: z
    .string()
    .regex(/^[a-z]\w*$/i, "must be a letter, then letters, digits and _")
    .describe("Name that UCI and mwan3 have for it, e.g. wan1."),
  port: z
    .string()
    .regex(/^[^\s/:]+$/, "must be a device of the router, like eth1")
    .describe("Device of the router."),
  metric: z
    .int()
    .min(1)
    .max(65_535)
    .describe("Of its default route; the lowest is taken without mwan3."),
  weight: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe("Its share in policies that give none."),
  health: z
    .strictObject(checks)
    .partial()
    .optional()
    .describe("What differs from wan.health."),
  mtu: z.int().min(576).max(9_216).optional(),
};

const addressInNetwork = z
  .string()
  .refine((text) => ipaddr.IPv4.isValidCIDRFourPartDecimal(text), {
    error: ({ input }) =>
      `"${input}" is no address with a prefix length, like 203.0.113.2/30`,
  });

const lines = z.discriminatedUnion("protocol", [
  z.strictObject({ ...line, protocol: z.literal("dhcp") }),
  z.strictObject({
    ...line,
    protocol: z.literal("static"),
    address: addressInNetwork,
    gateway: ipv4,
  }),
  z.strictObject({
    ...line,
    protocol: z.literal("pppoe"),
    username: z.string().describe("The password is a secret of the stack."),
  }),
]);

const policy = z.strictObject({
  name,
  lines: z
    .array(
      z.strictObject({
        line: z.string().describe("Name of a line."),
        metric: z
          .int()
          .optional()
          .describe("The lines with the lowest are used, left out: 1."),
        weight: z
          .int()
          .min(1)
          .max(1_000)
          .optional()
          .describe("Share among lines of one metric; left out: the line's."),
      }),
    )
    .min(1),
  lastResort: z
    .enum(["unreachable", "blackhole", "default"])
    .default("unreachable")
    .describe("What becomes of traffic when all its lines are down."),
});

const rule = z.strictObject({
  name,
  from: z.string().optional().describe("Name of a network; left out: all."),
  to: cidr.optional().describe("Left out: everywhere."),
  protocol: protocol.default("any"),
  ports: ports.optional().describe("Of the destination."),
  policy: z.string().describe("Name of a policy."),
  sticky: z
    .boolean()
    .default(false)
    .describe("Whether a machine stays on the line that it was given."),
});

const ula = z.string().refine(
  (text) => {
    const [first = "", length] = text.split("/");
    return (
      length === "48" &&
      ipaddr.IPv6.isValid(first) &&
      ipaddr.IPv6.parse(first).range() === "uniqueLocal" &&
      // Bits behind the prefix would be dropped without a word.
      ipaddr.IPv6.networkAddressFromCIDR(text).toString() ===
        ipaddr.IPv6.parse(first).toString()
    );
  },
  {
    error: ({ input }) =>
      `"${input}" is no unique local prefix, write one like fd12:3456:789a::/48`,
  },
);

const ipv6 = z.string().refine((text) => ipaddr.IPv6.isValid(text), {
  error: ({ input }) => `"${input}" is no IPv6 address`,
});

export const wan = z.strictObject({
  failoverWithin: duration.describe(
    "By when a dead line has no new connections.",
  ),
  ipv6: z
    .union(
      [
        z.literal("off"),
        z.strictObject({
          ula: ula.describe("The site's own prefix; a /64 for each VLAN."),
          translate: z.literal("masq6"),
          targets: z
            .array(ipv6)
            .min(1)
            .describe("Addresses that are pinged for a line's IPv6."),
        }),
      ],
      {
        error:
          'is no decision, write "off", or ula, translate: masq6 and targets',
      },
    )
    .describe("Off, or own addresses that each line translates."),
  dns: z
    .array(ipv4)
    .min(1)
    .describe("Resolvers that every line reaches, not those of a provider."),
  health: z.strictObject(checks).describe("How lines are watched."),
  lines: z.array(lines).min(1),
  policies: z.array(policy).min(1),
  rules: z
    .array(rule)
    .min(1)
    .describe(
      "For networks without wan. The first that fits counts; the last takes what is left.",
    ),
});
