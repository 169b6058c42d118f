import { UserError } from "../../dynamic/failure";
import { isOfSameSite } from "../../dynamic/owner";
import type { Zfs } from "../zfs/client";
import type { Pool } from "../zfs/pool";
import { type Layout, layoutOf } from "./layout";
import type { ZfsPoolInputs } from "./model";
import { ownerOf } from "./owner";

/** The only way there is: for people, because all that is on the pool stops. */
export function howToRename(from: string, to: string): string {
  return `with everything on it stopped, "zpool export ${from}" and "zpool import -d /dev/disk/by-id ${from} ${to}" (for disks with two paths "-d /dev/mapper")`;
}

/**
 * Throws when the declared disks are those of another pool of this site: then
 * its name was changed where it is declared, by which it became another pool.
 */
export async function refuseRenamed(
  zfs: Zfs,
  inputs: ZfsPoolInputs,
  pools: readonly Pool[],
): Promise<void> {
  const { owner, host, name } = inputs;
  const disksIn = ({ vdevs }: Layout) =>
    vdevs
      .flatMap(({ disks }) => disks)
      .sort()
      .join();
  const holder = pools.find(
    (pool) => disksIn(layoutOf(pool, inputs)) === disksIn(inputs),
  );
  if (holder === undefined) return;
  const mark = await ownerOf(zfs, holder.name);
  if (mark === undefined || !isOfSameSite(mark, owner)) return;
  throw new UserError(
    `its disks are those of pool "${holder.name}" (GUID ${holder.guid}), which is this site's, too: a pool is known by the name it is declared with, and under another name it is another pool. Nothing was done. Keep the name "${holder.name}", or have the pool renamed on host "${host}", too: ${howToRename(holder.name, name)}, and declare "${name}" with adopt: { guid: "${holder.guid}" }`,
  );
}
