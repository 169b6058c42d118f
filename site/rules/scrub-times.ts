import type { Rule } from "./finding";

export const scrubTimes: Rule = {
  id: "scrub-times",
  severity: "warning",
  title: "A host scrubs one pool at a time",
  fact: "A scrub reads all of a pool (zpool-scrub.8): two of them share HBAs and processor, and everybody waits for both.",
  check: ({ storage }) => {
    const pools = storage?.pools ?? [];
    return pools.flatMap(({ name, host, scrub }, index) => {
      const other = pools
        .slice(0, index)
        .find((pool) => pool.host === host && pool.scrub === scrub);
      return other === undefined
        ? []
        : [
            {
              message: `pools "${other.name}" and "${name}" are scrubbed at one time, ${scrub}`,
              path: ["storage", "pools", index, "scrub"],
            },
          ];
    });
  },
  remedy: "Choose another day for one of them.",
};
