import type { Device } from "../../disks";
import { poolStates } from "../../disks/labels";
import { readGpt } from "../../disks/partitions/gpt";
import { identify } from "../../disks/signatures/identify";
import type { Disks } from "../disks";
import { loadPool, type Pool } from "../pool";
import { importedGuids } from "../settings";
import type { Vdev } from "../tree";
import { leavesIn, type Specification } from "./specification";

/** What `vdev_error` prints, under its heading. */
export function headed(force: boolean, problems: readonly string[]): string {
  const heading = force
    ? "the following errors must be manually repaired:"
    : "use '-f' to override the following errors:";
  return ["invalid vdev specification", heading, ...problems].join("\n");
}

export interface Findings {
  /** Under the heading. */
  problems: string[];
  /** Said as they are. */
  plain: string[];
}

/**
 * As real zpool looks: at the disk as given, and at the partitions of a GPT.
 * What it finds nothing known on, it takes: a disk with an MBR, raw data, a
 * Storage Spaces partition, a member of a destroyed pool.
 */
export function inUse(
  disks: Disks,
  spec: Specification,
  { force, replacing }: { force: boolean; replacing?: Pool },
): Findings {
  const found: Findings = { problems: [], plain: [] };
  for (const { isSpare, leaf } of leavesIn(spec))
    checkLeaf(disks, leaf, { force, isSpare, replacing }, found);
  return found;
}

interface Check {
  force: boolean;
  isSpare: boolean;
  replacing?: Pool;
}

function checkLeaf(
  disks: Disks,
  leaf: Vdev,
  check: Check,
  found: Findings,
): void {
  const path = leaf.path ?? "";
  const device = disks.find(path);
  if (device === undefined) return;
  if (check.replacing !== undefined && isSpareOf(check.replacing, disks, leaf))
    return;
  if (!leaf.wholeDisk) {
    // The kernel refuses what it holds, after the look at what is on it.
    checkSlice(disks, path, device, check, found);
    if (found.problems.length === 0 && disks.heldBy(device) !== undefined)
      found.plain.push(inUseText(path, device));
    return;
  }
  if (!check.isSpare && disks.heldBy(device) !== undefined) {
    found.plain.push(inUseText(path, device));
    return;
  }
  const gpt = readGpt(device);
  if (gpt === undefined) {
    checkSlice(disks, path, device, check, found);
    return;
  }
  if (gpt.headerSector !== 1) {
    if (!check.force)
      found.problems.push(`${path} contains a corrupt primary EFI label.`);
    return;
  }
  for (const { number } of gpt.entries) {
    const slice = partitionPath(path, number);
    const part = disks.find(slice);
    if (part === undefined) continue;
    const before = found.problems.length;
    checkSlice(disks, slice, part, check, found);
    if (found.problems.length > before) return;
  }
}

function inUseText(path: string, device: Device): string {
  const type = identify(device).content?.type ?? "unknown";
  return `${path} is in use and contains a ${type} filesystem.`;
}

export function partitionPath(path: string, number: number): string {
  if (path.startsWith("/dev/disk/")) return `${path}-part${number}`;
  return /\d$/.test(path) ? `${path}p${number}` : `${path}${number}`;
}

function checkSlice(
  disks: Disks,
  path: string,
  device: Device,
  { force, isSpare }: Check,
  found: Findings,
): void {
  const type = identify(device).content?.type;
  if (type === undefined) return;
  if (type !== "zfs_member") {
    if (!force)
      found.problems.push(`${path} contains a filesystem of type '${type}'`);
    return;
  }
  const use = poolUse(disks, device);
  if (use === undefined) return;
  if (use.state === "spare" && isSpare) return;
  if (use.state === "spare") {
    found.problems.push(
      `${path} is reserved as a hot spare for pool ${use.name}`,
    );
    return;
  }
  if (use.state === "active" || !force)
    found.problems.push(`${path} is part of ${use.state} pool '${use.name}'`);
}

/** What its label says of a member; undefined of a destroyed pool's. */
export function poolUse(
  disks: Disks,
  device: Device,
):
  | {
      state: "active" | "exported" | "potentially active" | "spare";
      name: string;
    }
  | undefined {
  const { world } = disks;
  const label = disks.label(device);
  if (label === undefined || label === "gone") return undefined;
  const name = typeof label.name === "string" ? label.name : "";
  if (label.state === poolStates.exported) return { state: "exported", name };
  if (label.state === poolStates.spare) {
    const holder = importedGuids(world)
      .map((guid) => loadPool(world, guid))
      .find((pool) =>
        pool?.spares.some(({ guid }) => guid === `${label.guid}`),
      );
    return holder && { state: "spare", name: holder.name };
  }
  if (label.state !== poolStates.active) return undefined;
  const isHere = importedGuids(world).includes(`${label.pool_guid}`);
  return { state: isHere ? "active" : "potentially active", name };
}

function isSpareOf(pool: Pool, disks: Disks, leaf: Vdev): boolean {
  const device = disks.find(leaf.path ?? "");
  return pool.spares.some(({ path }) => {
    const own = path === undefined ? undefined : disks.find(path);
    return (
      own !== undefined &&
      (own.name === device?.name ||
        own.slaves.some((name) => name === device?.name))
    );
  });
}
