import type { Site } from "../manifest";

type Hardware = Site["hardware"];

export interface HostPort {
  host: string;
  card: string;
  port: number;
}

/** The host's ports that lead to a shelf, through other shelves too. */
export function portsTo(
  { cabling }: Hardware,
  shelf: string,
  seen: readonly string[] = [],
): HostPort[] {
  if (seen.includes(shelf)) return [];
  return cabling.sas
    .filter(({ to }) => to === shelf)
    .flatMap(({ from }) =>
      from.host === undefined
        ? portsTo({ cabling } as Hardware, from.shelf, [...seen, shelf])
        : [from],
    );
}

/** The shelf, and those that are reached through it alone. */
export function lostWith(hardware: Hardware, shelf: string): string[] {
  const behind = hardware.shelves.filter(
    ({ name }) =>
      name !== shelf &&
      portsTo(hardware, name).length > 0 &&
      portsTo(hardware, name, [shelf]).length === 0,
  );
  return [shelf, ...behind.map(({ name }) => name)];
}

/** Whose disks a shelf's are. */
export function hostsOf(hardware: Hardware, shelf: string): string[] {
  return [...new Set(portsTo(hardware, shelf).map(({ host }) => host))];
}
