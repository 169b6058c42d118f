import { cronOf } from "../host-files/scrubs";
import type { Rule } from "./finding";

export const scrubTimes: Rule = {
  id: "scrub-times",
  severity: "warning",
  title: "A host scrubs one pool at a time",
  fact: "A scrub reads all of a pool (zpool-scrub.8): two of them share HBAs and processor, and everybody waits for both.",
  check: ({ storage }) => {
    const pools = storage?.pools ?? [];
    return pools.flatMap(({ name, host, scrub }, index) => {
      const times = startsOf(scrub);
      const other = pools
        .slice(0, index)
        .find(
          (pool) =>
            pool.host === host &&
            startsOf(pool.scrub).some((time) => times.includes(time)),
        );
      return other === undefined
        ? []
        : [
            {
              message: `pools "${other.name}" and "${name}" are scrubbed at one time, ${[...new Set([other.scrub, scrub])].join(" and ")}`,
              path: ["storage", "pools", index, "scrub"],
            },
          ];
    });
  },
  remedy: "Choose another day for one of them.",
};

/** Minutes of the week in which it may begin: a first of the month is any day of it. */
function startsOf(schedule: string): number[] {
  const [minute = "", hour = "", , , weekday = ""] =
    cronOf(schedule).split(" ");
  const days = new Set(valuesOf(weekday, 7).map((day) => day % 7));
  return [...days].flatMap((day) =>
    valuesOf(hour, 23).flatMap((at) =>
      valuesOf(minute, 59).map((past) => (day * 24 + at) * 60 + past),
    ),
  );
}

/** "1-5,0", "*" and "4-59/15", as cron counts. */
function valuesOf(field: string, most: number): number[] {
  return field.split(",").flatMap((part) => {
    const [range = "", step = "1"] = part.split("/");
    const [first = "0", last = first] =
      range === "*" ? ["0", `${most}`] : range.split("-");
    const count = Math.floor((Number(last) - Number(first)) / Number(step)) + 1;
    return Array.from(
      { length: count },
      (_, at) => Number(first) + at * Number(step),
    );
  });
}
