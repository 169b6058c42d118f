import { z } from "zod";

export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be lower-case letters, digits and hyphens, as a host name",
  );

export const site = z.strictObject({
  id: z
    .uuid()
    .describe("Made once, at random: marks what belongs to this site."),
  name: name.describe("Short name of the site."),
  domain: z.string().describe("Domain of the site's hosts, e.g. lan.example."),
});
