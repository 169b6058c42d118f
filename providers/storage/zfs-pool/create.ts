import { UserError } from "../../dynamic/failure";
import { wwnOf } from "../disks/names";
import type { Place } from "../place";
import { leavesOfPool, type Pool } from "../zfs/pool";
import { nameOfLeaf } from "./layout";
import type { ZfsPoolInputs } from "./model";
import { claim, ownerOf } from "./owner";
import { preflight, refuseSleeping } from "./preflight";
import { refuseRenamed } from "./rename";
import { createWords, mountpointOf } from "./words";

export interface Obtained {
  pool: Pool;
  /** It stood there before this run: it may differ from what is declared. */
  wasThere: boolean;
}

/** The declared pool: one that is there and ours or to be adopted, or a new one. */
export async function obtain(
  place: Place,
  inputs: ZfsPoolInputs,
): Promise<Obtained> {
  const { name, adopt } = inputs;
  const pools = await place.zfs.pools();
  const there =
    pools.find((pool) => pool.name === name) ??
    pools.find(({ guid }) => guid === adopt?.guid);
  if (there) {
    claim(inputs, there, await ownerOf(place.zfs, there.name));
    refuseFleetingNames(there);
    return { pool: there, wasThere: true };
  }
  await make(place, inputs, pools);
  const made = (await place.zfs.pools()).find((pool) => pool.name === name);
  if (made === undefined)
    throw new UserError(`"zpool create" made no pool "${name}"`);
  return { pool: made, wasThere: false };
}

async function make(
  { machine, zfs, operation, signal }: Place,
  inputs: ZfsPoolInputs,
  pools: readonly Pool[],
): Promise<void> {
  const { name, vdevs, spares, adopt } = inputs;
  const importable = await zfs.importable();
  refuseSleeping(name, importable, adopt?.guid);
  await refuseRenamed(zfs, inputs, pools);
  const disks = [...vdevs.flatMap((vdev) => vdev.disks), ...spares];
  await preflight(machine, disks, { pools, importable }, signal);
  const mountpoint = mountpointOf(inputs);
  const inside = mountpoint && (await machine.list(mountpoint, signal));
  // ZFS looks at that only after it has labelled the disks.
  if (inside && inside.length > 0) {
    throw new UserError(
      `${mountpoint} on host "${machine.name}" is where the pool would be mounted, and it is not empty (${inside.slice(0, 3).join(", ")}). Move what is in it away, or give another mountpoint`,
    );
  }
  await operation.beforeWrite();
  await machine.run(createWords(inputs), { signal });
}

/** Adopted as it is it would be tied to whatever disk has that name next. */
function refuseFleetingNames({ name, guid, ...pool }: Pool): void {
  const names = leavesOfPool({ name, guid, ...pool })
    .filter(({ path }) => path !== undefined)
    .map(nameOfLeaf)
    .filter((path) => wwnOf(path) === undefined);
  if (names.length === 0) return;
  throw new UserError(
    `the pool "${name}" (GUID ${guid}) has its disks open as ${names.join(", ")}, names that may mean other disks after the next boot. With everything on it stopped, "zpool export ${name}" and "zpool import -d /dev/disk/by-id ${guid}" (for disks with two paths "-d /dev/mapper"), then try again`,
  );
}
