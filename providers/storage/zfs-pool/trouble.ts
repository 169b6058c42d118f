import { leavesOf, type Pool, type Vdev } from "../zfs/pool";
import { nameOfLeaf } from "./layout";

interface Leaf {
  leaf: Vdev;
  /** "mirror-0" */
  top: string;
  /** What stands in for it. */
  spares: Vdev[];
  /** What takes its place for good, now. */
  next: Vdev[];
}

const well = ["ONLINE", "AVAIL", "INUSE"];

/** Each disk that is not well: how it is, what a spare did, and what to do. */
export function troubles(
  pool: Pool,
  nameOf: (leaf: Vdev) => string = nameOfLeaf,
): string[] {
  return Object.values(pool.top)
    .flat()
    .flatMap((top) => walk(top, { top: top.name, spares: [], next: [] }))
    .filter(({ leaf }) => !well.includes(leaf.state) || leaf.errors)
    .map((item) => words(pool.name, item, nameOf));
}

function walk(vdev: Vdev, around: Omit<Leaf, "leaf">): Leaf[] {
  const [first, ...others] = vdev.children;
  if (first === undefined) return [{ leaf: vdev, ...around }];
  const leaves = others.flatMap(leavesOf);
  const own =
    vdev.type === "spare"
      ? { ...around, spares: leaves }
      : vdev.type === "replacing"
        ? { ...around, next: leaves }
        : around;
  return [
    ...walk(first, own),
    ...others.flatMap((child) => walk(child, around)),
  ];
}

function words(
  pool: string,
  { leaf, top, spares, next }: Leaf,
  nameOf: (leaf: Vdev) => string,
): string {
  const name = nameOf(leaf);
  const { read = 0, write = 0, checksum = 0 } = leaf.errors ?? {};
  // As `zpool status` says it to people.
  const state = leaf.state === "CANT_OPEN" ? "UNAVAIL" : leaf.state;
  const place = top === leaf.name ? "" : ` in ${top}`;
  const stands =
    spares.length > 0
      ? `. The spare ${spares.map(nameOf).join(", ")} stands in for it until it is replaced or back`
      : "";
  return `${name} is ${state}${place}, with ${read} read, ${write} write and ${checksum} checksum errors${stands}. ${step()}`;

  function step(): string {
    if (next.length > 0)
      return `${next.map(nameOf).join(", ")} takes its place already: there is nothing to do but wait`;
    const command = (verb: string) => `"zpool ${verb} ${pool} ${leaf.guid}"`;
    const replace = `write the new disk in its place in vdevs, and replace: [{ old: "${name}", new: NEW }]`;
    switch (leaf.state) {
      case "OFFLINE":
        return `Somebody took it offline: ${command("online")} brings it back. If it is to go, ${replace}`;
      case "FAULTED":
      case "DEGRADED":
        return `Look at the disk and its cable ("smartctl -x"). If it is sound, ${command("clear")} lets ZFS use it again. If not, ${replace}`;
      case "ONLINE":
        return `It is in use. Look at the disk and its cable ("smartctl -x"), then ${command("clear")} begins to count anew. If errors come back, ${replace}`;
      default:
        return `If it was only pulled or unplugged, plug it in, and ${command("online")} brings it back if ZFS does not by itself. If it is dead, ${replace}`;
    }
  }
}
