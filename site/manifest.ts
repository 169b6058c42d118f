import { z } from "zod";
import { guest } from "./schema/guests";
import { hardware } from "./schema/hardware";
import { network } from "./schema/networks";
import { proxmox } from "./schema/proxmox";
import { site } from "./schema/site";

export const manifest = z.strictObject({
  site,
  hardware,
  networks: z.array(network).min(1),
  proxmox,
  guests: z.array(guest),
});

export type Site = z.output<typeof manifest>;
export type Host = Site["hardware"]["hosts"][number];
export type Network = Site["networks"][number];
export type ProxmoxHost = Site["proxmox"]["hosts"][number];
export type Image = Site["proxmox"]["images"][number];
export type Guest = Site["guests"][number];
