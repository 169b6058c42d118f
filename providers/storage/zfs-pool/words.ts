import type { Words } from "../../host/client/machine";
import { ownerProperty } from "../mark";
import { single } from "./layout";
import type { VdevInputs, ZfsPoolInputs } from "./model";
import { type PropertyInputs, toZfs } from "./properties";

/**
 * The mark goes in by the same command. The kernel sets it after it has made
 * the pool (zfs_ioc_pool_create): one that lost its power in between carries
 * none, and whether it is ours is then for people to say. It is never forced.
 */
export function createWords(inputs: ZfsPoolInputs): Words {
  const { owner, name, ashift, properties, dataset } = inputs;
  const { mountpoint, canmount } = inputs;
  return [
    "zpool",
    "create",
    ...options("-o", { ashift, ...properties }),
    ...options("-O", {
      [ownerProperty]: owner,
      ...dataset,
      mountpoint,
      canmount,
    }),
    name,
    ...vdevWords(inputs.vdevs, inputs.spares),
  ];
}

/** Where the root dataset will be mounted; undefined: nowhere. */
export function mountpointOf({
  name,
  mountpoint = `/${name}`,
}: ZfsPoolInputs): string | undefined {
  return mountpoint.startsWith("/") ? mountpoint : undefined;
}

/** Disks without a group stand before the groups of their class: after one they would belong to it. */
export function vdevWords(
  vdevs: readonly VdevInputs[],
  spares: readonly string[],
): string[] {
  const of = (kind: VdevInputs["class"]) => {
    const all = single(vdevs).filter((vdev) => vdev.class === kind);
    const [loose, groups] = [
      all.filter(({ type }) => type === "stripe"),
      all.filter(({ type }) => type !== "stripe"),
    ];
    const words = [
      ...loose.flatMap(({ disks }) => disks),
      ...groups.flatMap(({ type, disks }) => [type, ...disks]),
    ];
    return kind && words.length > 0 ? [kind, ...words] : words;
  };
  return [
    ...of(undefined),
    ...of("special"),
    ...of("dedup"),
    ...of("log"),
    ...of("cache"),
    ...(spares.length > 0 ? ["spare", ...spares] : []),
  ];
}

function options(flag: string, values: PropertyInputs): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [flag, `${key}=${toZfs(value)}`],
  );
}
