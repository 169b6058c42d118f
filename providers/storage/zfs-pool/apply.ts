import { UserError } from "../../dynamic/failure";
import { sizesOf } from "../disks/inspect";
import { ownerProperty } from "../mark";
import type { Place } from "../place";
import type { Pool, Vdev } from "../zfs/pool";
import type { Properties } from "../zfs/properties";
import { Changes, type Disks, nameByGuid } from "./identity";
import { layoutOf } from "./layout";
import type { ZfsPoolInputs } from "./model";
import { ashiftOf, poolKeys } from "./observe";
import { ownerIn } from "./owner";
import { type Plan, planFor } from "./plan";
import { preflight } from "./preflight";
import { difference, poolDefaults, rootDefaults } from "./properties";
import { vdevWords } from "./words";

export interface Applied {
  hasChanged: boolean;
  /** ZFS moves data now. */
  isMoving: boolean;
}

export interface Before {
  inputs: ZfsPoolInputs;
  disks: Disks | undefined;
}

/**
 * Makes the pool as declared, so far as that takes no waiting. Everything that
 * can be refused is refused before the first change.
 */
export async function apply(
  place: Place,
  pool: Pool,
  root: Properties,
  inputs: ZfsPoolInputs,
  before?: Before,
): Promise<Applied> {
  const nameOf = nameByGuid(before?.disks);
  const plan = planFor(layoutOf(pool, inputs, nameOf), inputs, inputs);
  if (plan.problems.length > 0) {
    throw new UserError(plan.problems.map(({ reason }) => reason).join(". "));
  }
  await refuseAshift(place, pool, inputs);
  const leaves = leavesByName(pool, nameOf);
  await checkDisks(place, plan, leaves);
  const changes = new Changes(place, pool);
  await setProperties(place, changes, root, inputs, before?.inputs);
  await addVdevs(place, changes, inputs, plan);
  for (const { old, new: disk } of plan.replace) {
    place.operation.tell(`${disk} takes the place of ${old}`);
    await changes.run(
      "zpool",
      "replace",
      inputs.name,
      guidOf(leaves, old),
      disk,
    );
  }
  // A raidz takes one at a time.
  for (const { vdev, disk } of onePerVdev(plan.attach)) {
    const [member = ""] = vdev.disks;
    const target = vdev.type.startsWith("raidz")
      ? topOf(pool, guidOf(leaves, member)).guid
      : guidOf(leaves, member);
    place.operation.tell(`${disk} joins the ${vdev.type} of ${member}`);
    await changes.run("zpool", "attach", inputs.name, target, disk);
  }
  return {
    hasChanged: changes.count > 0,
    isMoving: plan.replace.length + plan.attach.length > 0,
  };
}

async function refuseAshift(
  { zfs }: Place,
  pool: Pool,
  { ashift }: ZfsPoolInputs,
): Promise<void> {
  if (ashift === undefined) return;
  const actual = await ashiftOf(zfs, pool, ashift);
  if (actual === ashift) return;
  throw new UserError(
    `the pool's vdevs have ashift ${actual}, which they keep for good, and not ${ashift}. Write ${actual}, or leave it out`,
  );
}

type Leaves = ReadonlyMap<string, Vdev[]>;

/** By each name of a place, what stands in it: while one is replaced two do. */
function leavesByName(pool: Pool, nameOf: (leaf: Vdev) => string): Leaves {
  const found = new Map<string, Vdev[]>();
  const walk = (vdev: Vdev) => {
    if (vdev.children.length === 0)
      found.set(nameOf(vdev), [...(found.get(nameOf(vdev)) ?? []), vdev]);
    vdev.children.forEach(walk);
  };
  Object.values(pool.top).flat().forEach(walk);
  return found;
}

/** Also of one that is not there any more: its path means nothing then. */
function guidOf(leaves: Leaves, disk: string): string {
  return leaves.get(disk)?.[0]?.guid ?? disk;
}

function topOf({ top }: Pool, guid: string): Vdev {
  const holds = (vdev: Vdev): boolean =>
    vdev.guid === guid || vdev.children.some(holds);
  return Object.values(top).flat().find(holds) as Vdev;
}

/** Before anything is written: every new disk, and whether it is large enough. */
async function checkDisks(
  { machine, zfs, signal }: Place,
  plan: Plan,
  leaves: Leaves,
): Promise<void> {
  const disks = [
    ...plan.replace.map((item) => item.new),
    ...plan.attach.map(({ disk }) => disk),
    ...plan.addVdevs.flatMap((vdev) => vdev.disks),
    ...plan.addSpares,
  ];
  if (disks.length === 0) return;
  const surroundings = {
    pools: await zfs.pools(),
    importable: await zfs.importable(),
  };
  const blank = await preflight(machine, disks, surroundings, signal);
  const olds = plan.replace.map(({ old }) => old);
  const members = plan.attach.flatMap(({ vdev }) => vdev.disks);
  const sizes = await sizesOf(
    machine,
    [...olds, ...members].filter((disk) => leaves.has(disk)),
    signal,
  );
  const sizeOf = (path: string) =>
    blank.find((item) => item.path === path)?.device?.size ?? 0;
  const pairs = [
    ...plan.replace.map((item) => ({ disk: item.new, others: [item.old] })),
    ...plan.attach.map(({ vdev, disk }) => ({ disk, others: vdev.disks })),
  ];
  for (const { disk, others } of pairs) {
    const known = others.flatMap((other) => sizes.get(other) ?? []);
    if (known.every((size) => sizeOf(disk) >= size)) continue;
    throw new UserError(
      `${disk} has ${sizeOf(disk)} bytes and is smaller than ${others.join(", ")} (${Math.min(...known)} bytes): ZFS would not take it, and label it nevertheless. Name a larger disk`,
    );
  }
}

async function setProperties(
  { zfs }: Place,
  changes: Changes,
  root: Properties,
  inputs: ZfsPoolInputs,
  olds: ZfsPoolInputs | undefined,
): Promise<void> {
  const { name, owner } = inputs;
  const wanted = rootOf(inputs);
  const { set, reset } = difference(olds && rootOf(olds), wanted, root);
  const mark = ownerIn(root) === owner ? [] : [`${ownerProperty}=${owner}`];
  const defaults = reset.flatMap((key) =>
    rootDefaults[key] ? [`${key}=${rootDefaults[key]}`] : [],
  );
  const all = [...mark, ...set, ...defaults];
  if (all.length > 0) await changes.run("zfs", "set", ...all, name);
  for (const key of reset)
    if (!rootDefaults[key]) await changes.run("zfs", "inherit", key, name);
  const managed = { ...olds?.properties, ...inputs.properties };
  if (Object.keys(managed).length === 0) return;
  const ofPool = await zfs.poolProperties(name, poolKeys);
  const pool = difference(olds?.properties, inputs.properties, ofPool);
  const back = pool.reset.map(
    (key) => `${key}=${poolDefaults[key as keyof typeof poolDefaults]}`,
  );
  for (const text of [...pool.set, ...back])
    await changes.run("zpool", "set", text, name);
}

function rootOf({ dataset, mountpoint, canmount }: ZfsPoolInputs) {
  return { ...dataset, mountpoint, canmount };
}

async function addVdevs(
  { machine, signal, operation }: Place,
  changes: Changes,
  { name, ashift }: ZfsPoolInputs,
  { addVdevs: vdevs, addSpares: spares }: Plan,
): Promise<void> {
  if (vdevs.length + spares.length === 0) return;
  const sectors = ashift && vdevs.length > 0 ? ["-o", `ashift=${ashift}`] : [];
  const words = [...sectors, name, ...vdevWords(vdevs, spares)];
  await machine.run(["zpool", "add", "-n", ...words], { signal, looks: true });
  operation.tell(
    `joins the pool: ${[...vdevs.flatMap(({ disks }) => disks), ...spares].join(", ")}`,
  );
  await changes.run("zpool", "add", ...words);
}

function onePerVdev(all: Plan["attach"]): Plan["attach"] {
  const seen = new Set<string>();
  return all.filter(({ vdev }) => {
    const key = vdev.disks.join();
    return !seen.has(key) && seen.add(key);
  });
}
