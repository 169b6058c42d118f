import type { Operation } from "../../dynamic/kind";
import { ownerProperty } from "../mark";
import type { Place } from "../place";
import { leavesOf, type Pool, type Vdev } from "../zfs/pool";
import { type Disks, disksOf, nameByGuid, renamed } from "./identity";
import { asDeclared, layoutOf, nameOfLeaf, sameVdev, single } from "./layout";
import type { ZfsPoolInputs, ZfsPoolOutputs } from "./model";
import { ownerIn } from "./owner";
import { found, poolProperties, rootProperties } from "./properties";
import { troubles } from "./trouble";

const mountKeys = ["mountpoint", "canmount"] as const;
export const poolKeys = Object.keys(poolProperties.shape);
export const rootKeys = [...Object.keys(rootProperties.shape), ...mountKeys];

/** The inputs as the pool has them, only for what they set. */
export async function observe(
  { zfs }: Place,
  inputs: ZfsPoolInputs,
  pool: Pool,
  known: Disks | undefined,
): Promise<ZfsPoolInputs> {
  const { name } = pool;
  const { properties, dataset, mountpoint, canmount } = inputs;
  const ofPool = await zfs.poolProperties(name, keysOf(properties));
  const ofRoot = await zfs.datasetProperties(name, [
    ownerProperty,
    ...keysOf(dataset),
    ...mountKeys.filter((key) => inputs[key] !== undefined),
  ]);
  const layout = layoutOf(pool, inputs, nameByGuid(known));
  return {
    ...inputs,
    ...asDeclared(inputs, layout),
    name,
    // Without the mark it is nobody's until the next update.
    owner: ownerIn(ofRoot) ?? "",
    ashift: inputs.ashift && (await ashiftOf(zfs, pool, inputs.ashift)),
    properties: found(properties, ofPool),
    dataset: found(dataset, ofRoot),
    ...found({ mountpoint, canmount }, ofRoot),
  };
}

function keysOf(values: object | undefined): string[] {
  return Object.entries(values ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  );
}

/** Of its vdevs; when they differ, one that is not as declared. */
export async function ashiftOf(
  zfs: Place["zfs"],
  { name, top }: Pool,
  declared: number,
): Promise<number> {
  const all = await zfs.ashifts(name);
  const { data, special, dedup } = top;
  const values = [...data, ...special, ...dedup].flatMap(
    (vdev) => all.get(vdev.name) ?? [],
  );
  return values.find((value) => value !== declared) ?? declared;
}

export function outputsOf(pool: Pool): ZfsPoolOutputs {
  return {
    guid: pool.guid,
    disks: disksOf(pool),
    health: pool.health,
    scan: scanWords(pool),
    sparesInUse: sparesInUse(pool),
  };
}

export function scanWords({ scan }: Pool): string {
  if (scan.running === undefined) return scan.last ?? "none";
  return scan.done === undefined
    ? scan.running
    : `${scan.running}, ${scan.done} % done`;
}

function sparesInUse({ top }: Pool): string[] {
  const inside = (vdev: Vdev): string[] => {
    const [failed, ...others] = vdev.children;
    const here =
      vdev.type === "spare" && failed
        ? others.map(
            (spare) =>
              `${leavesOf(spare).map(nameOfLeaf).join(", ")} for ${leavesOf(failed).map(nameOfLeaf).join(", ")}`,
          )
        : [];
    return [...here, ...vdev.children.flatMap(inside)];
  };
  return Object.values(top).flat().flatMap(inside);
}

/** What is to be known and is nobody's wish: it stays as it is. */
export function tellState(
  tell: Operation["tell"],
  pool: Pool,
  known: Disks | undefined,
): void {
  if (pool.health !== "ONLINE")
    tell(`the pool is ${pool.health}${pool.status ? `: ${pool.status}` : ""}`);
  for (const words of sparesInUse(pool)) tell(`spare in use: ${words}`);
  for (const words of troubles(pool, nameByGuid(known))) tell(words);
  for (const { disk, path } of renamed(pool, known)) {
    tell(
      `${disk} is open as ${path}, a name that may mean another disk after the next boot. With everything on it stopped, "zpool export ${pool.name}" and "zpool import -d /dev/disk/by-id ${pool.guid}" (for disks with two paths "-d /dev/mapper") mend that`,
    );
  }
}

/** In words where declared and found differ. */
export function tellDrift(
  tell: Operation["tell"],
  before: ZfsPoolInputs,
  now: ZfsPoolInputs,
): void {
  const sides = [
    [now, before, "is not declared"],
    [before, now, "is not in the pool"],
  ] as const;
  for (const [left, right, words] of sides) {
    const others = single(right.vdevs);
    for (const vdev of single(left.vdevs)) {
      if (others.some((other) => sameVdev(vdev, other))) continue;
      tell(
        `${vdev.class ?? "data"} ${vdev.type} of ${vdev.disks.join(", ")} ${words}`,
      );
    }
  }
}
