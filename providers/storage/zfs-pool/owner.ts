import { UserError } from "../../dynamic/failure";
import { isOfSameSite } from "../../dynamic/owner";
import { ownerProperty } from "../mark";
import type { Zfs } from "../zfs/client";
import type { Pool } from "../zfs/pool";
import type { Properties } from "../zfs/properties";
import type { ZfsPoolInputs } from "./model";

export function ownerIn(root: Properties): string | undefined {
  const property = root.get(ownerProperty);
  return property?.source === "local" ? property.value : undefined;
}

export async function ownerOf(
  zfs: Zfs,
  pool: string,
): Promise<string | undefined> {
  return ownerIn(await zfs.datasetProperties(pool, [ownerProperty]));
}

/** Its GUID is said, and it carries the mark of this site, under the name that it had. */
export function wasRenamed(
  { adopt, owner }: ZfsPoolInputs,
  guid: string,
  mark: string | undefined,
): boolean {
  return (
    adopt?.guid === guid && mark !== undefined && isOfSameSite(mark, owner)
  );
}

/** Throws unless a pool that is there may be taken for the declared one. */
export function claim(
  inputs: ZfsPoolInputs,
  pool: Pool,
  owner: string | undefined,
): void {
  const { adopt, name, host } = inputs;
  const what = `a pool "${pool.name}" (GUID ${pool.guid}) is imported on host "${host}"`;
  if (pool.name !== name) {
    throw new UserError(
      `the pool to adopt (GUID ${pool.guid}) is called "${pool.name}" on host "${host}". Write that as its name`,
    );
  }
  if (owner === inputs.owner || wasRenamed(inputs, pool.guid, owner)) return;
  if (owner !== undefined) {
    throw new UserError(
      `${what} and belongs to "${owner}". Choose another name, or have its owner forget it first`,
    );
  }
  if (adopt?.guid === pool.guid) return;
  if (adopt) {
    throw new UserError(
      `${what}, but adopt says GUID ${adopt.guid}: it is another pool`,
    );
  }
  throw new UserError(
    `${what} and carries no mark of this site. Choose another name, or set adopt: { guid: "${pool.guid}" } to take it over with all that is in it`,
  );
}
