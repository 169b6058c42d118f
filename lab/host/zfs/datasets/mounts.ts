import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { HostWorld } from "../../world";

export interface ZfsMount {
  /** GUIDs. */
  pool: string;
  dataset: string;
  target: string;
}

const part = "zfs-mounts";

/** Outer ones first. */
export function mountsOf(world: HostWorld): readonly ZfsMount[] {
  return world.load<{ mounts: ZfsMount[] }>(part, { mounts: [] }).mounts;
}

export function mountedAt(world: HostWorld, guid: string): string | undefined {
  return mountsOf(world).find(({ dataset }) => dataset === guid)?.target;
}

/** Where a dataset's files are while it is not mounted. */
export function folderOf(world: HostWorld, guid: string): string {
  return join(world.directory, "datasets", guid);
}

const coveredBy = (world: HostWorld, guid: string) =>
  join(world.directory, "covered", guid);

export function isEmpty(world: HostWorld, target: string): boolean {
  const path = world.path(target);
  return !existsSync(path) || readdirSync(path).length === 0;
}

/**
 * The dataset's folder takes the place of what is at the target, which waits
 * beside the machine's root until the unmount.
 */
export function mountAt(world: HostWorld, mount: ZfsMount): void {
  const { dataset, target } = mount;
  const own = folderOf(world, dataset);
  const path = world.path(target);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  mkdirSync(path, { recursive: true, mode: 0o755 });
  world.save(part, { mounts: [...mountsOf(world), mount] });
  const covered = coveredBy(world, dataset);
  mkdirSync(dirname(covered), { recursive: true });
  renameSync(path, covered);
  renameSync(own, path);
}

/** False: something else is mounted within. */
export function unmountFrom(world: HostWorld, guid: string): boolean {
  const mount = mountsOf(world).find(({ dataset }) => dataset === guid);
  if (mount === undefined) return true;
  const inside = mountsOf(world).some(
    ({ dataset, target }) =>
      dataset !== guid && target.startsWith(`${mount.target}/`),
  );
  if (inside) return false;
  moveBack(world, mount);
  return true;
}

function moveBack(world: HostWorld, { dataset, target }: ZfsMount): void {
  const own = folderOf(world, dataset);
  const covered = coveredBy(world, dataset);
  const path = world.path(target);
  if (existsSync(covered)) {
    if (existsSync(path) && !existsSync(own)) renameSync(path, own);
    if (!existsSync(path)) renameSync(covered, path);
    else if (readdirSync(covered).length === 0) rmdirSync(covered);
  }
  world.save(part, {
    mounts: mountsOf(world).filter((other) => other.dataset !== dataset),
  });
}

/** The power was gone: nothing is mounted. */
export function forgetMounts(world: HostWorld): void {
  const deepest = [...mountsOf(world)].sort(
    (a, b) => b.target.length - a.target.length,
  );
  for (const mount of deepest) moveBack(world, mount);
}
