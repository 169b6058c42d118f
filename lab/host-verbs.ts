import type { Site } from "../site";
import { type HostCommand, type HostFault, hostFaultKinds } from "./host";
import { type DiskFault, diskFaultKinds } from "./host/disks";
import { type QatFault, qatFaultKinds } from "./host/qat";
import { bendHost } from "./site-lab";

export const hostFaultHelp = `       npm run lab -- fault host HOST KIND --match "zpool create" [--count N] [--ms N]
       npm run lab -- fault host HOST list | clear | cut | reboot
       npm run lab -- fault disk HOST WWN KIND [NUMBER]      (in its shelves)
       npm run lab -- fault qat HOST KIND [ENDPOINT]         (its QuickAssist adapter)`;

export const hostFaultKindsHelp = `Of the machines, by SSH:
${Object.entries(hostFaultKinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join("\n")}

Of a disk, by its WWN:
${Object.entries(diskFaultKinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join("\n")}

Of a QuickAssist adapter, an endpoint by its PCI address, or all:
${Object.entries(qatFaultKinds)
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

/** `words` are what stands behind "fault disk". */
export function faultDisk(
  [host = "", wwn = "", fault = "", number]: readonly string[],
  site: () => Site,
): Promise<unknown> {
  const isNumber = number === undefined || /^\d+$/.test(number);
  if (wwn === "" || !(fault in diskFaultKinds) || !isNumber) {
    throw new Error(
      `Unable to bend a disk of host "${host}": say which one, and what becomes of it (${Object.keys(diskFaultKinds).join(", ")}), the last two with a number.`,
    );
  }
  return bendHost(
    host,
    {
      do: "disk",
      fault: fault as DiskFault,
      disk: /^[0-9a-f]{16}$/.test(wwn) ? `0x${wwn}` : wwn,
      number: number === undefined ? undefined : Number(number),
    },
    site,
  );
}

/** `words` are what stands behind "fault qat". */
export function faultQat(
  [host = "", fault = "", endpoint]: readonly string[],
  site: () => Site,
): Promise<unknown> {
  return bendHost(
    host,
    { do: "qat", fault: fault as QatFault, endpoint },
    site,
  );
}

export function driftHost(
  host: string,
  words: string[],
  site: () => Site,
): Promise<unknown> {
  return bendHost(host, { do: "run", words }, site);
}
