import { z } from "zod";

const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const day = `(?:${days.join("|")})`;
const hour = "(?:[01]\\d|2[0-3])";
const minute = "[0-5]\\d";
const form = new RegExp(
  `^(?:hourly|daily|weekly|monthly|(?:(?<days>${day}(?:(?:\\.\\.|,)${day})*) )?(?:(?:\\*|${hour}|(?<hours>${hour}\\.\\.${hour})|${hour}/[1-9]):${minute}|\\*:${minute}/(?:[1-9]|[1-5]\\d)))$`,
);

/** What both systemd's timers and cron can be told. */
export const schedule = z
  .string()
  .regex(
    form,
    'must be hourly, daily, weekly, monthly, or days and a time like "Sun 02:30"',
  )
  .refine(isForward, {
    error:
      "has a range that runs backwards, or on from another, which neither systemd nor cron takes: write two, like Sat,Sun,Mon",
  });

function isForward(text: string): boolean {
  const { days: named = "", hours = "" } = form.exec(text)?.groups ?? {};
  const ranges = [...named.split(","), hours].map((range) => range.split(".."));
  return ranges.every(
    ([first = "", last = first, ...more]) =>
      more.length === 0 && placeOf(first) <= placeOf(last),
  );
}

const placeOf = (text: string) =>
  days.includes(text) ? days.indexOf(text) : Number(text);
