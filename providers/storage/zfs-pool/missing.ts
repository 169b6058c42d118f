import { UserError } from "../../dynamic/failure";
import { inspect } from "../disks/inspect";
import type { Place } from "../place";
import type { Pool } from "../zfs/pool";
import type { ZfsPoolInputs, ZfsPoolOutputs } from "./model";
import { howToImport, report } from "./preflight";

/**
 * For a pool that is not imported: undefined only when it is truly gone, that
 * is nowhere to be imported from and its disks are blank. Anything else is an
 * error, because what is taken for gone is made anew by the next `up`.
 */
export async function missing(
  { machine, zfs, signal }: Place,
  guid: string,
  { name, host, disks, vdevs, spares }: ZfsPoolInputs & ZfsPoolOutputs,
  pools: readonly Pool[],
): Promise<undefined> {
  const importable = await zfs.importable();
  const asleep = importable.find((pool) => pool.guid === guid);
  const what = `the pool "${name}" (GUID ${guid}) is not imported on host "${host}"`;
  if (asleep) {
    throw new UserError(
      `${what}${asleep.isDestroyed ? ": somebody destroyed it, and it can still be had back" : ", but lies on its disks"}. To go on with it, ${howToImport(asleep)} and refresh; to be rid of it, "pulumi state delete"`,
    );
  }
  const known = Object.keys(disks ?? {});
  const declared = [...vdevs.flatMap((vdev) => vdev.disks), ...spares];
  const paths = known.length > 0 ? known : declared;
  const around = { pools, importable };
  const inspections = await inspect(machine, paths, around, signal);
  const full = inspections.filter(({ found }) => found.length > 0);
  if (full.length === 0) return undefined;
  throw new UserError(
    `${what} and cannot be imported from the disks that are there, but its disks are not all there and blank:${report(full)}\nPlug in what is missing and import it ("zpool import -d /dev/disk/by-id ${guid}"), or "pulumi state delete" if it is gone for good`,
  );
}
