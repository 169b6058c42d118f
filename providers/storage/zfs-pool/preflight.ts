import { UserError } from "../../dynamic/failure";
import type { Machine } from "../../host/client/machine";
import { type Inspection, inspect, type Surroundings } from "../disks/inspect";
import type { Importable } from "../zfs/pool";

/** Throws with what is on which disk unless all of them are blank and nobody's. */
export async function preflight(
  machine: Machine,
  disks: readonly string[],
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Inspection[]> {
  const inspections = await inspect(machine, disks, surroundings, signal);
  const full = inspections.filter(({ found }) => found.length > 0);
  if (full.length > 0) throw notBlank(machine.name, full);
  return inspections;
}

export function report(inspections: readonly Inspection[]): string {
  return inspections
    .map(({ path, device, found }) => {
      const words = device
        ? ` (${[device.name, size(device.size), device.serial && `serial ${device.serial}`].filter(Boolean).join(", ")})`
        : "";
      return `\n  ${path}${words}: ${found.join("; ")}`;
    })
    .join("");
}

function notBlank(host: string, full: readonly Inspection[]): UserError {
  return new UserError(
    `not every disk on host "${host}" is blank and free, so nothing was written to any:${report(full)}\nName other disks. What is on one is never removed here: if nobody needs it, empty the disk by hand on the host and try again`,
  );
}

/** As disks are sold. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.max(
    0,
    Math.min(units.length - 1, Math.floor(Math.log10(bytes || 1) / 3)),
  );
  return `${Number((bytes / 1000 ** power).toFixed(1))} ${units[power]}`;
}

/** A pool of that name that lies on disks: one must not come to stand beside it. */
export function refuseSleeping(
  name: string,
  importable: readonly Importable[],
  adopt: string | undefined,
): void {
  const wanted = importable.find(({ guid }) => guid === adopt);
  const found =
    wanted ??
    importable.find((pool) => pool.name === name && !pool.isDestroyed);
  if (found === undefined) {
    if (adopt === undefined) return;
    throw new UserError(
      `adopt says GUID ${adopt}, but no such pool is imported or on any disk of the host. Leave adopt out to make a new pool`,
    );
  }
  throw new UserError(
    `a pool "${found.name}" (GUID ${found.guid}) is on disks of the host${found.isDestroyed ? ", destroyed but whole," : ""} and not imported. If it is the one, ${howToImport(found)} and set adopt: { guid: "${found.guid}" }; if not, choose another name`,
  );
}

export function howToImport({ guid, isDestroyed }: Importable): string {
  return `import it by hand ("zpool import${isDestroyed ? " -D" : ""} -d /dev/disk/by-id ${guid}", for disks with two paths "-d /dev/mapper")`;
}
