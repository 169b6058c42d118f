import type { Section } from "../../uci/section";

/**
 * Seconds until mwan3 says that a line is down, at the longest: one interval,
 * `down` rounds in which each ping to each target runs into its time-out, and
 * the pauses between (mwan3track, with the daemon's defaults).
 */
export function failoverBound({ options }: Section): number {
  const targets = [options.track_ip ?? []].flat().length;
  const number = (key: string, otherwise: number) =>
    Number(options[key] ?? otherwise);
  const interval = number("interval", 10);
  const down = number("down", 5);
  const round = targets * number("count", 1) * number("timeout", 4);
  const pause = number("failure_interval", interval);
  return interval + down * round + (down - 1) * pause;
}
