import { z } from "zod";
import { ipv4 } from "./address";

const server = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a name or an address");

export const time = z.strictObject({
  zone: z
    .string()
    .regex(/^[A-Z]\w+(\/[\w+-]+)*$/, "must be a zone like America/New_York")
    .describe("Of the hosts."),
  servers: z
    .array(z.string())
    .min(1)
    .describe("Hosts that the others take their time from."),
  upstream: z
    .array(server)
    .min(1)
    .describe("Where those take it from, while the internet is there."),
});

export const dns = z.strictObject({
  resolvers: z
    .array(ipv4)
    .min(1)
    // resolv.conf(5), MAXNS: what stands behind is not asked.
    .max(3)
    .describe("What the hosts ask; their own names they know without."),
  search: z.array(server).optional().describe("Left out: site.domain."),
  records: z
    .array(z.strictObject({ name: server, address: ipv4 }))
    .default([])
    .describe("Further names in the hosts' files."),
});
