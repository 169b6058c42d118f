import { UserError } from "../../dynamic/failure";
import type { Words } from "../../host/client/machine";
import type { Place } from "../place";
import { leavesOfPool, type Pool, type Vdev } from "../zfs/pool";
import { nameOfLeaf } from "./layout";

export type Disks = Readonly<Record<string, string>>;

/** GUIDs of all that stands in the pool, by disk. */
export function disksOf(pool: Pool): Record<string, string> {
  return Object.fromEntries(
    leavesOfPool(pool)
      .map((leaf) => [nameOfLeaf(leaf), leaf.guid])
      .sort(),
  );
}

/** The name that a leaf had when it was recorded: paths change, GUIDs stay. */
export function nameByGuid(known: Disks | undefined): (leaf: Vdev) => string {
  const names = new Map(
    Object.entries(known ?? {}).map(([disk, guid]) => [guid, disk]),
  );
  return (leaf) => names.get(leaf.guid) ?? nameOfLeaf(leaf);
}

/** Leaves that are open by another name than they were recorded with. */
export function renamed(
  pool: Pool,
  known: Disks | undefined,
): { disk: string; path: string }[] {
  const nameOf = nameByGuid(known);
  return leavesOfPool(pool)
    .filter((leaf) => leaf.path && nameOf(leaf) !== nameOfLeaf(leaf))
    .map((leaf) => ({ disk: nameOf(leaf), path: leaf.path ?? "" }));
}

/** Throws when something else than what was recorded stands under a disk's name. */
export function refuseOtherDisks(pool: Pool, known: Disks | undefined): void {
  const now = disksOf(pool);
  const others = Object.entries(known ?? {}).filter(
    ([disk, guid]) => now[disk] !== undefined && now[disk] !== guid,
  );
  if (others.length === 0) return;
  const words = others.map(
    ([disk, guid]) => `${disk} (GUID ${now[disk]}, known is ${guid})`,
  );
  throw new UserError(
    `somebody put other disks under known names: ${words.join(", ")}. Nothing was changed. Look what happened ("zpool history ${pool.name}"), then "pulumi refresh" records it`,
  );
}

/**
 * Changes a pool, under a name that still means the pool it was: names can be
 * taken over by another pool, the GUID cannot.
 */
export class Changes {
  count = 0;

  constructor(
    private readonly place: Place,
    private readonly pool: Pick<Pool, "name" | "guid">,
  ) {}

  async run(...words: Words): Promise<void> {
    const { machine, signal, operation } = this.place;
    const { name, guid } = this.pool;
    const { stdout } = await machine.run(
      ["zpool", "get", "-H", "-p", "-o", "value", "guid", name],
      { signal, looks: true },
    );
    if (stdout.trim() !== guid) {
      throw new UserError(
        `the pool "${name}" has GUID ${stdout.trim()} now and had ${guid}: it is another one, and nothing was done to it. Run "pulumi refresh" to see what there is`,
      );
    }
    await operation.beforeWrite();
    this.count += 1;
    await machine.run(words, { signal });
  }
}
