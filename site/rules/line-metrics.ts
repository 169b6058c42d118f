import type { Rule } from "./finding";

/** mwan3.sh drops a member with more, and says so in its log only. */
const highest = 256;

export const lineMetrics: Rule = {
  id: "line-metrics",
  severity: "error",
  title: "Every line has a default route of its own",
  fact: "The kernel takes no second default route of the same metric (EEXIST), so that line's own table has none; mwan3 drops members whose metric is not 1 to 256.",
  check: ({ wan }) => {
    const holders = new Map<number, string>();
    return [
      ...(wan?.lines ?? []).flatMap(({ name, metric }, index) => {
        const holder = holders.get(metric);
        holders.set(metric, name);
        return holder
          ? [
              {
                message: `lines "${holder}" and "${name}" have metric ${metric} both`,
                path: ["wan", "lines", index, "metric"],
              },
            ]
          : [];
      }),
      ...(wan?.policies ?? []).flatMap(({ name, lines }, index) =>
        lines.flatMap(({ line, metric = 1 }, at) =>
          metric >= 1 && metric <= highest
            ? []
            : [
                {
                  message: `policy "${name}" gives line "${line}" the metric ${metric}`,
                  path: ["wan", "policies", index, "lines", at, "metric"],
                },
              ],
        ),
      ),
    ];
  },
  remedy: `Give each line another metric; a policy's are 1 to ${highest}.`,
};
