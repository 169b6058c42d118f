import { z } from "zod";
import { cidr, ipv4 } from "./address";
import { name } from "./site";

export const network = z.strictObject({
  name,
  vlan: z.int().min(1).max(4094).describe("VLAN id."),
  cidr: cidr.describe("IPv4 network of the VLAN."),
  gateway: ipv4
    .optional()
    .describe("The router's address; left out: nothing leaves this VLAN."),
});
