/** As "timedatectl list-timezones" has it, as far as this machine knows. */
export function isTimezone(zone: string): boolean {
  if (!/^[A-Z][\w+-]*(\/[\w+-]+)*$/.test(zone)) return false;
  try {
    const { timeZone } = formatOf(zone).resolvedOptions();
    // JavaScript takes any case, and may answer by another name of the zone.
    const sameName = timeZone.toLowerCase() === zone.toLowerCase();
    return !sameName || timeZone === zone;
  } catch {
    return false;
  }
}

/** What the clocks on the wall show, in seconds as if that were UTC. */
export function localSeconds(time: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(time * 1_000);
  const value = (type: string) =>
    Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(
    value("year"),
    value("month") - 1,
    value("day"),
    value("hour"),
    value("minute"),
    value("second"),
  );
  return wall / 1_000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
}
