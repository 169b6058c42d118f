import type { Machine, Words } from "../../host/client/machine";
import { diskOf, type Importable, leavesOfPool, type Pool } from "../zfs/pool";
import { readEnds } from "./ends";
import { type BlockDevice, lsblk, parseLsblk, withChildren } from "./lsblk";
import { isMap, mapOf, wwnOf } from "./names";
import { partitionType, type Signature, signaturesOn } from "./signatures";

export interface Inspection {
  /** As it was asked for. */
  path: string;
  /** Undefined: there is no such disk. */
  device: BlockDevice | undefined;
  /** What is in the way, for people; empty: it is blank and nobody's. */
  found: string[];
}

export interface Surroundings {
  pools: readonly Pool[];
  importable: readonly Importable[];
}

/**
 * What is on disks, so far as it can be known: `zpool create` itself looks at
 * less, and overwrites MBR disks, Storage Spaces, destroyed pools and raw data
 * without being forced to.
 */
export async function inspect(
  machine: Machine,
  paths: readonly string[],
  { pools, importable }: Surroundings,
  signal: AbortSignal,
): Promise<Inspection[]> {
  const { all, devices } = await find(machine, paths, signal);
  const present = [...new Set(devices.filter((item) => item !== undefined))];
  const parts = present.flatMap((item) => [item, ...partitions(item)]);
  const signatures = await signaturesOn(machine, parts, signal);
  const ends = await readEnds(machine, present, signal);
  return paths.map((path, index) => {
    const device = devices[index];
    if (device === undefined) {
      const missing = `there is no such disk on the host${hint(all, path)}`;
      return { path, device, found: [missing] };
    }
    const found = [
      ...doubts(path, device, all),
      ...zfsMembers(path, device, pools, importable),
      ...contents(device, signatures),
    ];
    const end = ends.get(device);
    if (end && found.length === 0) found.push(end);
    return { path, device, found };
  });
}

/** How large each is; of one that is not there nothing. */
export async function sizesOf(
  machine: Machine,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const { devices } = await find(machine, paths, signal);
  return new Map(
    paths.flatMap((path, index) => {
      const size = devices[index]?.size;
      return size === undefined ? [] : [[path, size] as const];
    }),
  );
}

/** All disks of the machine, and those that `paths` lead to. */
async function find(
  machine: Machine,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<{ all: BlockDevice[]; devices: (BlockDevice | undefined)[] }> {
  const { stdout } = await machine.run(lsblk, { signal, looks: true });
  const all = parseLsblk(stdout);
  const targets = await resolve(machine, paths, signal);
  return {
    all,
    devices: paths.map((path) => deviceAt(all, targets.get(path))),
  };
}

/** Where the names lead to; one that leads nowhere stays as it is. */
async function resolve(
  machine: Machine,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const follow = async (...names: string[]) => {
    const words: Words = ["readlink", "-f", ...names];
    const { stdout } = await machine.run(words, {
      signal,
      codes: [0, 1],
      looks: true,
    });
    return stdout.split("\n").filter((line) => line !== "");
  };
  if (paths.length === 0) return new Map();
  const lines = await follow(...paths);
  // Nothing is printed of a name in a folder that is not there.
  if (lines.length === paths.length)
    return new Map(paths.map((path, index) => [path, lines[index] ?? path]));
  const single = paths.map(async (path) => {
    const [target = path] = await follow(path);
    return [path, target] as const;
  });
  return new Map(await Promise.all(single));
}

function deviceAt(
  all: readonly BlockDevice[],
  target: string | undefined,
): BlockDevice | undefined {
  return all
    .flatMap(withChildren)
    .find(({ kname }) => target === `/dev/${kname}`);
}

function partitions({ children = [] }: BlockDevice): BlockDevice[] {
  return children.filter(({ type }) => type === "part");
}

function hint(all: readonly BlockDevice[], path: string): string {
  const wwn = wwnOf(path);
  const same = all.filter((item) => isWwn(item, wwn));
  if (wwn === undefined || same.length === 0) return "";
  return isMap(path)
    ? `, but its WWN is on ${same.map(({ name }) => name).join(" and ")} without a multipath map. Let a MultipathMap make the map first`
    : `, but its WWN is on ${same.map(({ name }) => name).join(" and ")}`;
}

function isWwn({ wwn }: BlockDevice, sought: string | undefined): boolean {
  return wwn?.toLowerCase().replace(/^0x/, "") === sought;
}

/** Why it may be another disk than its name says, or cannot be had as a whole. */
function doubts(
  path: string,
  device: BlockDevice,
  all: readonly BlockDevice[],
): string[] {
  const found: string[] = [];
  const wwn = wwnOf(path) ?? "";
  const maps = (device.children ?? []).filter(({ type }) => type === "mpath");
  const paths = all.filter((item) => isWwn(item, wwn));
  const names = paths.map(({ name }) => name).join(" and ");
  if (maps.length > 0 || device.fstype === "mpath_member") {
    const map = maps[0]?.path ?? mapOf(wwn);
    found.push(`it is a path of the multipath map ${map}: name that instead`);
  } else if (device.type === "mpath") {
    if (!isMap(path))
      found.push(
        `multipath holds it (${names}): name it ${mapOf(wwn)} instead`,
      );
  } else if (paths.length > 1) {
    found.push(
      `its WWN is on ${paths.length} paths (${names}) and no multipath map holds them, so the name leads to any of them. Let a MultipathMap make the map and name the disk ${mapOf(wwn)}`,
    );
  } else if (device.type !== "disk") {
    found.push(`it is no whole disk but of type "${device.type}"`);
  } else if (!isWwn(device, wwn)) {
    found.push(`it leads to ${device.name}, whose WWN is ${device.wwn}`);
  }
  if (device.ro) found.push("it is read-only");
  return found;
}

function zfsMembers(
  path: string,
  device: BlockDevice,
  pools: readonly Pool[],
  importable: readonly Importable[],
): string[] {
  const own = [device, ...partitions(device)];
  const names = new Set([
    path.slice(path.lastIndexOf("/") + 1),
    ...own.map(({ name }) => name),
  ]);
  const mine = (other: string | undefined) =>
    other !== undefined &&
    (diskOf(other) === path || own.some((item) => item.path === other));
  return [
    ...pools
      .filter((pool) => leavesOfPool(pool).some((leaf) => mine(leaf.path)))
      .map(
        ({ name, guid }) => `member of the imported pool "${name}" (${guid})`,
      ),
    ...importable
      .filter(({ devices }) =>
        devices.some((item) => names.has(item.replace(/-part1$/, ""))),
      )
      .map(({ name, guid, isDestroyed }) =>
        isDestroyed
          ? `member of the destroyed pool "${name}" (${guid}), which "zpool import -D ${guid}" can still bring back`
          : `member of the pool "${name}" (${guid}), which is not imported ("zpool import -d /dev/disk/by-id ${guid}" does it)`,
      ),
  ];
}

/** What is on it and on its partitions, and who uses it. */
function contents(
  device: BlockDevice,
  signatures: readonly Signature[],
): string[] {
  const told = (name: string) => {
    const here = signatures.filter((item) => item.device === name);
    const words = here.map(({ type, label, uuid }) =>
      label ? `${type} "${label}"` : uuid ? `${type} (${uuid})` : type,
    );
    const types = new Set<string>();
    const first = words.filter((_, index) => {
      const { type = "" } = here[index] ?? {};
      return !types.has(type) && types.add(type);
    });
    return first.join(", ");
  };
  const found = [told(device.name)].filter((text) => text !== "");
  const isNamed =
    device.pttype && found.some((text) => text.includes(device.pttype ?? ""));
  if (device.pttype && !isNamed)
    found.push(`a partition table (${device.pttype})`);
  for (const part of partitions(device)) {
    const inside = told(part.name) || part.fstype;
    found.push(
      `partition ${part.name} (${partitionType(part.parttype)})${inside ? ` with ${inside}` : ""}`,
    );
  }
  if (found.length === 0 && device.fstype && device.fstype !== "mpath_member")
    found.push(device.fstype);
  for (const item of withChildren(device)) {
    const mounts = item.mountpoints.filter((path) => path !== null);
    if (mounts.length > 0)
      found.push(`${item.name} is mounted on ${mounts.join(", ")}`);
    if (item !== device && !["part", "mpath"].includes(item.type))
      found.push(`${item.type} "${item.name}" stands on it`);
  }
  return found;
}
