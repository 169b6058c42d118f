import { z } from "zod";

export const seconds = z.int().min(1).optional();

/** Of a resource's verbs, in seconds; one that is left out is the kind's own. */
export const deadlines = z.strictObject({
  create: seconds,
  read: seconds,
  update: seconds,
  delete: seconds,
});

export const timeouts = deadlines.optional();
