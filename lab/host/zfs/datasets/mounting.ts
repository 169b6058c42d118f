import type { HostWorld } from "../../world";
import type { Pool } from "../pool";
import { settingsOf } from "../settings";
import { byName, fullName } from "./dataset";
import { isEmpty, mountAt, mountedAt, unmountFrom } from "./mounts";
import { ruleOf } from "./properties";
import { effective, mountpointValue } from "./values";

/** Undefined: mounted; otherwise why not, in the tool's words. */
export function mountDataset(
  world: HostWorld,
  pool: Pool,
  path: string,
): string | undefined {
  const dataset = pool.datasets[path];
  if (dataset === undefined) return undefined;
  const target = mountpointValue(pool, path).value;
  if (!target.startsWith("/")) return undefined;
  const overlay = ruleOf("overlay", settingsOf(world));
  const mayCover =
    overlay === undefined || effective(pool, path, overlay).value === "on";
  if (!mayCover && !isEmpty(world, target))
    return `cannot mount '${target}': directory is not empty`;
  mountAt(world, { pool: pool.guid, dataset: dataset.guid, target });
  return undefined;
}

/** Those that mount by themselves, outer ones first; the problems. */
export function mountAll(
  world: HostWorld,
  pool: Pool,
  only: (path: string) => boolean = () => true,
): string[] {
  return Object.keys(pool.datasets)
    .filter((path) => pool.datasets[path]?.type === "filesystem" && only(path))
    .filter((path) => mountsItself(pool, path))
    .filter((path) => {
      const guid = pool.datasets[path]?.guid ?? "";
      return mountedAt(world, guid) === undefined;
    })
    .sort((a, b) => {
      const [one, other] = [a, b].map(
        (path) => mountpointValue(pool, path).value,
      );
      return one?.localeCompare(other ?? "") || byName(a, b);
    })
    .map((path) => mountDataset(world, pool, path))
    .filter((problem) => problem !== undefined);
}

export function mountsItself(pool: Pool, path: string): boolean {
  const dataset = pool.datasets[path];
  if (dataset?.type !== "filesystem") return false;
  if ((dataset.local.canmount ?? "on") !== "on") return false;
  return mountpointValue(pool, path).value.startsWith("/");
}

/** Inner ones first; the name of one that is busy. */
export function unmountAll(
  world: HostWorld,
  pool: Pool,
  only: (path: string) => boolean = () => true,
): string | undefined {
  const mounted = Object.keys(pool.datasets)
    .filter(only)
    .map((path) => ({
      path,
      guid: pool.datasets[path]?.guid ?? "",
    }))
    .map((item) => ({ ...item, target: mountedAt(world, item.guid) }))
    .filter(({ target }) => target !== undefined)
    .sort((a, b) => (b.target?.length ?? 0) - (a.target?.length ?? 0));
  for (const { guid, path } of mounted)
    if (!unmountFrom(world, guid)) return fullName(pool, path);
  return undefined;
}
