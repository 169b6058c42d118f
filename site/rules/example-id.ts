import type { Rule } from "./finding";

/** environments/dev.yaml's. */
const exampleId = "7b1f6a52-52f0-4c0e-9f0a-3d2f0a9c6e11";

export const exampleSiteId: Rule = {
  id: "example-site-id",
  severity: "error",
  title: "A site has an id of its own",
  fact: "What belongs to a site is known by its id: two sites with one id take each other's guests for their own.",
  check: ({ site }) =>
    site.id === exampleId && site.name !== "dev"
      ? [
          {
            message: `site "${site.name}" has the id of the example`,
            path: ["site", "id"],
          },
        ]
      : [],
  remedy: "Make one with uuidgen, once, before anything is made.",
};
