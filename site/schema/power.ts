import { z } from "zod";
import { ipv4 } from "./address";
import { name } from "./site";
import { duration } from "./units";

const step = z.strictObject({
  machines: z.array(z.string()).min(1).describe("Hosts and shelves."),
  wait: duration.describe("Until the next step, e.g. 2min."),
});

const ups = z.strictObject({
  name,
  model: z.string().optional().describe("For the people who look for it."),
  address: ipv4.optional().describe("Of its network card."),
  feeds: z.array(z.string()).min(1).describe("Hosts and shelves."),
  runtime: duration.describe("On battery, under this load."),
  shutdownAfter: duration.describe("On battery, until machines go down."),
});

/** Judged by the rules: nothing here switches a machine on or off. */
export const power = z.strictObject({
  ups: z.array(ups).default([]).describe("Batteries."),
  start: z
    .array(step)
    .min(1)
    .describe("Who is switched on, in order, by hand or by what feeds it."),
  shutdown: z
    .array(step)
    .min(1)
    .optional()
    .describe("Who goes down, in order; left out: start, backwards."),
});
