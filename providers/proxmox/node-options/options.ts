import { type ProxmoxSession, path } from "../client";
import type { Options } from "./model";

export type Option = keyof Options;

export const all: readonly Option[] = ["startDelay", "timezone"];

const delayKey = "startall-onboot-delay";

interface Found extends Options {
  /** A node without any configuration has none. */
  digest?: string;
}

/** Those that have a value, or are named: the others are left out. */
export function pick(options: Options, names: readonly Option[]): Options {
  return Object.fromEntries(
    all
      .filter((name) => names.includes(name) && options[name] !== undefined)
      .map((name) => [name, options[name]]),
  );
}

export function namesIn(options: Options): Option[] {
  return all.filter((name) => options[name] !== undefined);
}

/** Only of what is asked for, so that the other needs no privilege. */
export async function readOptions(
  session: ProxmoxSession,
  node: string,
  names: readonly Option[],
): Promise<Found> {
  const found: Found = {};
  if (names.includes("startDelay")) {
    const config = await session.request<{
      [delayKey]?: number | string;
      digest?: string;
    }>("GET", path`/nodes/${node}/config`);
    found.startDelay = Number(config[delayKey] ?? 0);
    found.digest = config.digest;
  }
  if (names.includes("timezone")) {
    const time = await session.request<{ timezone: string }>(
      "GET",
      path`/nodes/${node}/time`,
    );
    found.timezone = time.timezone;
  }
  return found;
}

/** Writes what differs. */
export async function writeOptions(
  session: ProxmoxSession,
  node: string,
  wanted: Options,
  found: Found,
): Promise<void> {
  const { startDelay, timezone } = wanted;
  if (startDelay !== undefined && startDelay !== found.startDelay) {
    await session.request("PUT", path`/nodes/${node}/config`, {
      // None is PVE's own 0.
      ...(startDelay === 0 ? { delete: delayKey } : { [delayKey]: startDelay }),
      ...(found.digest === undefined ? {} : { digest: found.digest }),
    });
  }
  if (timezone !== undefined && timezone !== found.timezone)
    await session.request("PUT", path`/nodes/${node}/time`, { timezone });
}
