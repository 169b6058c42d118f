import type { Line } from "../manifest";
import { ipv6Of, type RoutedSite } from "./routed";

/** How a line is watched: what it says itself, else what is said for all. */
export function healthOf({ wan }: RoutedSite, { health }: Line) {
  const merged = { ...wan.health, ...health };
  return {
    ...merged,
    failureInterval: merged.failureInterval ?? merged.interval,
    recoveryInterval: merged.recoveryInterval ?? merged.interval,
  };
}

/**
 * Until mwan3 says that a line is down, at the longest: one interval, `down`
 * rounds in which every ping to every target runs into its time-out, and the
 * pauses between them (mwan3track).
 */
export function failoverBound(site: RoutedSite, line: Line): number {
  const { targets, count, timeout, interval, failureInterval, down } = healthOf(
    site,
    line,
  );
  // IPv6 is watched beside IPv4, by targets of its own.
  const most = Math.max(targets.length, ipv6Of(site)?.targets.length ?? 0);
  const round = most * count * timeout;
  return interval + down * round + (down - 1) * failureInterval;
}
