import { z } from "zod";
import { guest } from "./schema/guests";
import { hardware } from "./schema/hardware";
import { dns, time } from "./schema/naming";
import { network } from "./schema/networks";
import { power } from "./schema/power";
import { proxmox } from "./schema/proxmox";
import { qatDevice } from "./schema/qat";
import { router } from "./schema/router";
import { site } from "./schema/site";
import { storage } from "./schema/storage";
import { wan } from "./schema/wan";

export const manifest = z.strictObject({
  site,
  hardware,
  networks: z.array(network).min(1),
  wan: wan.optional().describe("Lines to the internet; goes with router."),
  router: router.optional().describe("The guest that routes; goes with wan."),
  storage: storage.optional().describe("Pools, and what is served of them."),
  qat: z.array(qatDevice).default([]).describe("QuickAssist cards in use."),
  proxmox,
  power: power.optional().describe("Batteries, and who starts when."),
  time: time.optional().describe("Where the hosts have the time from."),
  dns: dns.optional().describe("How the hosts know names."),
  guests: z.array(guest),
});

export type Site = z.output<typeof manifest>;
export type Host = Site["hardware"]["hosts"][number];
export type Shelf = Site["hardware"]["shelves"][number];
export type Storage = NonNullable<Site["storage"]>;
export type Pool = Storage["pools"][number];
export type Vdev = Pool["vdevs"][number];
export type Dataset = Storage["datasets"][number];
export type Share = Storage["shares"][number];
export type Mount = Storage["mounts"][number];
export type QatCard = Site["qat"][number];
export type Power = NonNullable<Site["power"]>;
export type Network = Site["networks"][number];
export type Wan = NonNullable<Site["wan"]>;
export type Line = Wan["lines"][number];
export type Router = NonNullable<Site["router"]>;
export type ProxmoxHost = Site["proxmox"]["hosts"][number];
export type Image = Site["proxmox"]["images"][number];
export type Guest = Site["guests"][number];
