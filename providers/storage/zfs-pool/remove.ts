import { UserError } from "../../dynamic/failure";
import { ownerProperty } from "../mark";
import type { Place } from "../place";
import { Changes, refuseOtherDisks } from "./identity";
import { missing } from "./missing";
import type { ZfsPoolInputs, ZfsPoolOutputs } from "./model";
import { ownerOf } from "./owner";

/** Forgets the pool, and destroys it only if that is said with its GUID. */
export async function remove(
  place: Place,
  guid: string,
  inputs: ZfsPoolInputs & ZfsPoolOutputs,
): Promise<void> {
  const { zfs, operation } = place;
  const { name, host, destroy, adopt } = inputs;
  if (destroy && destroy.guid !== guid) {
    throw new UserError(
      `destroy says GUID ${destroy.guid}, but the pool's is ${guid}. Nothing was done. Correct it, or leave destroy out to have the pool forgotten and kept`,
    );
  }
  const pools = await zfs.pools();
  const pool = pools.find((item) => item.guid === guid);
  if (pool === undefined) {
    if (destroy) await confirmGone(place, guid, inputs);
    else
      operation.tell(
        `is not imported on host "${host}": nothing was done to it or its disks`,
      );
    return;
  }
  const owner = await ownerOf(zfs, pool.name);
  if (owner !== undefined && owner !== inputs.owner) {
    operation.tell(`stays with "${owner}", to whom it belongs by now`);
    return;
  }
  const changes = new Changes(place, pool);
  if (destroy) {
    if (pool.name !== name) {
      throw new UserError(
        `the pool to destroy is called "${pool.name}" now. Nothing was done. Run "pulumi refresh" to see what there is`,
      );
    }
    refuseOtherDisks(pool, inputs.disks);
    await changes.run("zpool", "destroy", pool.name);
    return;
  }
  // One that was made here is known by its mark when it is declared again.
  if (owner !== undefined && adopt)
    await changes.run("zfs", "inherit", ownerProperty, pool.name);
  operation.tell(
    `pool "${pool.name}" (GUID ${guid}) stays on host "${host}" with all that is in it, and is forgotten here`,
  );
}

/** A reply may have been lost, or somebody else was first. */
async function confirmGone(
  place: Place,
  guid: string,
  inputs: ZfsPoolInputs & ZfsPoolOutputs,
): Promise<void> {
  const importable = await place.zfs.importable();
  const asleep = importable.find((pool) => pool.guid === guid);
  if (asleep?.isDestroyed) return;
  await missing(place, guid, inputs, await place.zfs.pools());
}
