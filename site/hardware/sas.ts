import type { Site } from "../manifest";

type Hardware = Site["hardware"];
type SasCable = Hardware["cabling"]["sas"][number];

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

export function cablesTo({ cabling }: Hardware, shelf: string): SasCable[] {
  return cabling.sas.filter(({ to }) => to === shelf);
}

/** Whose disks a shelf's are. */
export function hostsOf(hardware: Hardware, shelf: string): string[] {
  return [...new Set(portsTo(hardware, shelf).map(({ host }) => host))];
}
