import { z } from "zod";
import { guest } from "./schema/guests";
import { hardware } from "./schema/hardware";
import { network } from "./schema/networks";
import { proxmox } from "./schema/proxmox";
import { router } from "./schema/router";
import { site } from "./schema/site";
import { wan } from "./schema/wan";

export const manifest = z.strictObject({
  site,
  hardware,
  networks: z.array(network).min(1),
  wan: wan.optional().describe("Lines to the internet; goes with router."),
  router: router.optional().describe("The guest that routes; goes with wan."),
  proxmox,
  guests: z.array(guest),
});

export type Site = z.output<typeof manifest>;
export type Host = Site["hardware"]["hosts"][number];
export type Network = Site["networks"][number];
export type Wan = NonNullable<Site["wan"]>;
export type Line = Wan["lines"][number];
export type Router = NonNullable<Site["router"]>;
export type ProxmoxHost = Site["proxmox"]["hosts"][number];
export type Image = Site["proxmox"]["images"][number];
export type Guest = Site["guests"][number];
