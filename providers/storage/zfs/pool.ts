/** A vdev as the pool has it; leaves have a path. */
export interface Vdev {
  /** "mirror-0"; of a leaf the last part of its path, or its GUID when it is not there. */
  name: string;
  /** "disk", "mirror", "raidz2", "replacing", "spare", and what ZFS may invent. */
  type: string;
  /** Too large for a number. */
  guid: string;
  path?: string;
  state: string;
  /** Left out: none were counted. */
  errors?: Errors;
  children: Vdev[];
}

export interface Errors {
  read: number;
  write: number;
  checksum: number;
}

/** Undefined: there are none. */
export function errorsOf(
  read: string | undefined,
  write: string | undefined,
  checksum: string | undefined,
): Errors | undefined {
  const [first, second, third] = [read, write, checksum].map(
    (text) => Number(text ?? 0) || 0,
  ) as [number, number, number];
  return first + second + third > 0
    ? { read: first, write: second, checksum: third }
    : undefined;
}

export const vdevClasses = [
  "data",
  "special",
  "dedup",
  "log",
  "cache",
] as const;
export type VdevClass = (typeof vdevClasses)[number];

/** What a pool is busy with; `done` in per cent, where it is known. */
export interface Scan {
  /** "resilver", "expansion", "scrub"; undefined: nothing. */
  running?: string;
  done?: number;
  /** What has ended last, for people. */
  last?: string;
}

export interface Pool {
  name: string;
  guid: string;
  health: string;
  /** Why it is not healthy, in ZFS's words. */
  status?: string;
  top: Record<VdevClass, Vdev[]>;
  spares: Vdev[];
  scan: Scan;
}

/** A pool that `zpool import` lists. */
export interface Importable {
  name: string;
  guid: string;
  state: string;
  isDestroyed: boolean;
  /** Names of its vdevs, leaves among them, without a folder. */
  devices: string[];
}

export function leavesOf(vdev: Vdev): Vdev[] {
  return vdev.children.length === 0 ? [vdev] : vdev.children.flatMap(leavesOf);
}

export function leavesOfPool({ top, spares }: Pool): Vdev[] {
  return [...Object.values(top).flat(), ...spares].flatMap(leavesOf);
}

/** ZFS makes a partition of its own on a whole disk and names that. */
export function diskOf(path: string): string {
  return path.replace(/^(\/dev\/disk\/by-[a-z]+\/.*)-part1$/, "$1");
}
