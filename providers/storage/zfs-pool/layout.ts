import { diskOf, type Pool, type Vdev, vdevClasses } from "../zfs/pool";
import type { VdevInputs, ZfsPoolInputs } from "./model";

export type Layout = Pick<ZfsPoolInputs, "vdevs" | "spares">;

/** Each vdev by itself: a stripe of three is three. */
export function single(vdevs: readonly VdevInputs[]): VdevInputs[] {
  return vdevs.flatMap((vdev) =>
    vdev.type === "stripe"
      ? vdev.disks.map((disk) => ({ ...vdev, disks: [disk] }))
      : [vdev],
  );
}

export function sameKind(left: VdevInputs, right: VdevInputs): boolean {
  return left.type === right.type && left.class === right.class;
}

export function sameVdev(left: VdevInputs, right: VdevInputs): boolean {
  return (
    sameKind(left, right) &&
    left.disks.length === right.disks.length &&
    left.disks.every((disk) => right.disks.includes(disk))
  );
}

/**
 * The disk that a place in a vdev is for: of one that is being replaced the
 * declared one, and while a spare stands in, the one that it stands in for.
 * `nameOf` knows a leaf by its GUID when it was opened by another path.
 */
export function placeOf(
  vdev: Vdev,
  declared: ReadonlySet<string>,
  nameOf: (leaf: Vdev) => string,
): string {
  const places = vdev.children.map((child) => placeOf(child, declared, nameOf));
  const [first] = places;
  if (first === undefined) return nameOf(vdev);
  if (vdev.type === "spare") return first;
  return (
    places.findLast((place) => declared.has(place)) ?? places.at(-1) ?? first
  );
}

/** The vdevs as the pool has them. */
export function layoutOf(
  pool: Pool,
  declared: Layout,
  nameOf: (leaf: Vdev) => string = nameOfLeaf,
): Layout {
  const disks = new Set(declared.vdevs.flatMap((vdev) => vdev.disks));
  const place = (vdev: Vdev) => placeOf(vdev, disks, nameOf);
  const groups = new Set(["mirror", "raidz1", "raidz2", "raidz3"]);
  return {
    vdevs: vdevClasses.flatMap((kind) =>
      pool.top[kind].map(
        (vdev) =>
          ({
            type: groups.has(vdev.type) ? vdev.type : "stripe",
            ...(kind === "data" ? {} : { class: kind }),
            disks: groups.has(vdev.type)
              ? vdev.children.map(place)
              : [place(vdev)],
          }) as VdevInputs,
      ),
    ),
    spares: pool.spares.map(nameOf),
  };
}

export function nameOfLeaf(leaf: Vdev): string {
  return leaf.path ? diskOf(leaf.path) : leaf.guid;
}

/** `actual` in the declared order and form, so far as it is the same. */
export function asDeclared(declared: Layout, actual: Layout): Layout {
  const rest = single(actual.vdevs);
  const take = (index: number) => rest.splice(index, 1)[0];
  const vdevs = declared.vdevs.flatMap((vdev) => {
    const parts = single([vdev]).flatMap((part) => {
      const exact = rest.findIndex((item) => sameVdev(item, part));
      const near = rest.findIndex(
        (item) =>
          sameKind(item, part) &&
          item.disks.some((disk) => part.disks.includes(disk)),
      );
      const found = exact >= 0 ? exact : near;
      const item = found >= 0 ? take(found) : undefined;
      return item ? [{ ...item, disks: inOrder(part.disks, item.disks) }] : [];
    });
    const disks = parts.flatMap((part) => part.disks);
    return disks.length === 0 ? [] : [{ ...vdev, disks }];
  });
  return {
    vdevs: [...vdevs, ...rest],
    spares: inOrder(declared.spares, actual.spares),
  };
}

/** What is new goes to the place of what is gone. */
function inOrder(
  declared: readonly string[],
  actual: readonly string[],
): string[] {
  const others = actual.filter((disk) => !declared.includes(disk));
  const kept = declared.flatMap((disk) =>
    actual.includes(disk) ? [disk] : others.splice(0, 1),
  );
  return [...kept, ...others];
}
