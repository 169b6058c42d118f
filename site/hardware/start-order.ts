import type { Power, Site } from "../manifest";

export interface PowerStep {
  hosts: string[];
  shelves: string[];
  /** Until the next step. */
  waitSeconds: number;
}

export interface PowerPlan {
  start: PowerStep[];
  shutdown: PowerStep[];
  /** By UPS: on battery, until the shutdown begins, and until it must be over. */
  batteries: {
    name: string;
    address?: string;
    feeds: string[];
    shutdownAfterSeconds: number;
    runtimeSeconds: number;
  }[];
  /** By host: until it starts its first guest. */
  guestDelaySeconds: Record<string, number>;
}

export function powerOf(site: Site): PowerPlan {
  const { power, proxmox } = site;
  const start = power?.start ?? [];
  const shutdown = power?.shutdown ?? [...start].reverse();
  return {
    start: start.map((step) => stepOf(site, step)),
    shutdown: shutdown.map((step) => stepOf(site, step)),
    batteries: (power?.ups ?? []).map(
      ({ name, address, feeds, shutdownAfter, runtime }) => ({
        name,
        ...(address && { address }),
        feeds,
        shutdownAfterSeconds: shutdownAfter / 1_000,
        runtimeSeconds: runtime / 1_000,
      }),
    ),
    guestDelaySeconds: Object.fromEntries(
      proxmox.hosts.flatMap(({ host, startDelay }) =>
        startDelay === undefined ? [] : [[host, startDelay / 1_000]],
      ),
    ),
  };
}

function stepOf(
  { hardware }: Site,
  { machines, wait }: Power["start"][number],
): PowerStep {
  const among = (items: readonly { name: string }[]) =>
    machines.filter((name) => items.some((item) => item.name === name));
  return {
    hosts: among(hardware.hosts),
    shelves: among(hardware.shelves),
    waitSeconds: wait / 1_000,
  };
}
