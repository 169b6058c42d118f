import { z } from "zod";
import { slot } from "./slot";

const address = z
  .strictObject({
    /** "dhcp" or an address with its prefix length, 10.0.0.5/24 */
    ipv4: z.string().optional(),
    gateway: z.string().optional(),
    /** "dhcp", "auto" (SLAAC) or an address with its prefix length. */
    ipv6: z.string().optional(),
    gateway6: z.string().optional(),
  })
  .refine(({ ipv4, ipv6 }) => ipv4 ?? ipv6, "needs ipv4 or ipv6")
  .refine(({ ipv4, gateway }) => ipv4 || !gateway, "gateway needs ipv4")
  .refine(({ ipv6, gateway6 }) => ipv6 || !gateway6, "gateway6 needs ipv6");

const snippet = z
  .string()
  .regex(/^[\w.-]+:snippets\/.+$/, "must be like local:snippets/vendor.yaml")
  .optional();

export const cloudInit = z.strictObject({
  /** Where PVE keeps the generated drive, always in slot ide2. */
  storage: z.string(),
  type: z.enum(["nocloud", "configdrive2", "opennebula"]).optional(),
  user: z.string().optional(),
  /** To be passed as a secret; PVE keeps a hash, so that drift is not seen. */
  password: z.string().optional(),
  sshKeys: z.array(z.string()).optional(),
  nameservers: z.array(z.string()).optional(),
  searchDomain: z.string().optional(),
  /** Whether the guest upgrades its packages at first boot. */
  upgrade: z.boolean().optional(),
  /** By NIC, "net0". */
  addresses: z.record(slot("net", 31), address).optional(),
  /** Snippets that add to (vendor) or take the place of (the others) what PVE generates. */
  vendorData: snippet,
  userData: snippet,
  networkData: snippet,
  metaData: snippet,
});

export type CloudInit = z.output<typeof cloudInit>;
