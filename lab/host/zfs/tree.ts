export type VdevKind =
  | "root"
  | "mirror"
  | "raidz"
  | "draid"
  | "disk"
  | "replacing"
  | "spare";

/** As a pool's configuration has it; GUIDs in decimal digits. */
export interface Vdev {
  kind: VdevKind;
  guid: string;
  children: Vdev[];
  createdAt: number;
  /** Of raidz and draid. */
  parity?: number;
  /** Of draid: data disks of a group, groups and distributed spares. */
  draid?: { data: number; groups: number; spares: number };
  /** Of what stands at the top. */
  ashift?: number;
  bias?: "log" | "special" | "dedup";
  /** Of a disk from here on: */
  path?: string;
  wholeDisk?: boolean;
  devid?: string;
  sizeBytes?: number;
  offline?: "until-boot" | "always";
  /** It vanished while the pool was imported. */
  removedAt?: number;
  faulted?: boolean;
  /** It was not there, or not itself, when the pool was imported. */
  notPresent?: boolean;
  /** It has missed writes, or is new: to be resilvered. */
  stale?: boolean;
}

export function* everyVdev(vdev: Vdev): Generator<Vdev> {
  yield vdev;
  for (const child of vdev.children) yield* everyVdev(child);
}

export function leavesOf(vdev: Vdev): Vdev[] {
  return [...everyVdev(vdev)].filter(({ kind }) => kind === "disk");
}

export function parentOf(root: Vdev, guid: string): Vdev | undefined {
  return [...everyVdev(root)].find(({ children }) =>
    children.some((child) => child.guid === guid),
  );
}

/** The one at the top that has it. */
export function topOf(root: Vdev, guid: string): Vdev | undefined {
  return root.children.find((top) =>
    [...everyVdev(top)].some((vdev) => vdev.guid === guid),
  );
}

/** In the place of a vdev, another. */
export function substitute(root: Vdev, guid: string, by: Vdev): void {
  const parent = parentOf(root, guid);
  const at = parent?.children.findIndex((child) => child.guid === guid) ?? -1;
  if (at >= 0) parent?.children.splice(at, 1, by);
}

/** "raidz2", "draid2:8d:24c:1s", "mirror": without a number of its own. */
export function typeName(vdev: Vdev): string {
  if (vdev.kind === "raidz") return `raidz${vdev.parity ?? 1}`;
  if (vdev.kind !== "draid" || vdev.draid === undefined) return vdev.kind;
  const { data, spares } = vdev.draid;
  return `draid${vdev.parity ?? 1}:${data}d:${vdev.children.length}c:${spares}s`;
}

/** Puts a group in a disk's place that holds it among others. */
export function wrap(root: Vdev, disk: Vdev, group: Vdev): void {
  if (disk.ashift !== undefined) {
    group.ashift = disk.ashift;
    group.bias = disk.bias;
    delete disk.ashift;
    delete disk.bias;
  }
  substitute(root, disk.guid, group);
}

/** Puts one that is left of a group in the group's place. */
export function unwrap(root: Vdev, group: Vdev, left: Vdev): void {
  if (group.ashift !== undefined) {
    left.ashift = group.ashift;
    left.bias = group.bias;
  }
  substitute(root, group.guid, left);
}
