import type { Site } from "../site";
import { type HostCommand, type HostFault, hostFaultKinds } from "./host";
import { bendHost } from "./site-lab";

export const hostFaultHelp = `       npm run lab -- fault host HOST KIND --match "zpool create" [--count N] [--ms N]
       npm run lab -- fault host HOST list | clear | cut | reboot`;

export const hostFaultKindsHelp = `Of the machines, by SSH:
${Object.entries(hostFaultKinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join("\n")}`;

export const hostDriftHelp = `       npm run lab -- drift host HOST COMMAND...     (as root at the machine: zfs set ...)`;

/** `words` are what stands behind "fault host". */
export function faultHost(
  [host = "", kind = ""]: readonly string[],
  { match, ms, count }: { match?: string; ms?: string; count?: string },
  site: () => Site,
): Promise<unknown> {
  const bend = (command: HostCommand) => bendHost(host, command, site);
  switch (kind) {
    case "list":
      return bend({ do: "faults" });
    case "clear":
      return bend({ do: "clear-faults" });
    case "cut":
    case "reboot":
      return bend({ do: kind });
  }
  if (match === undefined) {
    throw new Error(
      `Unable to bend host "${host}": say which call is meant, --match "zpool create".`,
    );
  }
  return bend({
    do: "fault",
    fault: {
      kind,
      match,
      ms: ms === undefined ? undefined : Number(ms),
      count: count === undefined ? undefined : Number(count),
    } as HostFault,
  });
}

export function driftHost(
  host: string,
  words: string[],
  site: () => Site,
): Promise<unknown> {
  return bendHost(host, { do: "run", words }, site);
}
