import { UserError } from "../../dynamic/failure";
import {
  type BlockDevice,
  lsblk,
  parseLsblk,
  withChildren,
} from "../disks/lsblk";
import { wwnOf } from "../disks/names";
import type { Place } from "../place";
import { diskOf, leavesOfPool } from "../zfs/pool";

/** What is on the machine's disks, by the disk's WWID. */
export interface Usage {
  /** The kernel's paths of the disk, "/dev/sdb". */
  paths: string[];
  hasMap: boolean;
  /** Who has it open: "pool "tank"", "mounted on /boot". */
  users: string[];
}

export async function usageOf({
  machine,
  zfs,
  signal,
}: Place): Promise<Map<string, Usage>> {
  const { stdout } = await machine.run(lsblk, { signal, looks: true });
  const disks = parseLsblk(stdout).filter(
    (item) => item.type === "disk" && item.wwn,
  );
  const pools = (await zfs.pools()).flatMap((pool) =>
    leavesOfPool(pool).flatMap(({ path }) =>
      path ? [{ pool: pool.name, path }] : [],
    ),
  );
  const found = new Map<string, Usage>();
  for (const disk of disks) {
    const wwid = wwidOf(disk.wwn ?? "");
    const usage = found.get(wwid) ?? { paths: [], hasMap: false, users: [] };
    const devices = withChildren(disk);
    usage.paths.push(disk.path);
    usage.hasMap ||= devices.some(({ type }) => type === "mpath");
    const users = [
      ...pools.flatMap(({ pool, path }) =>
        isOn(path, wwid, devices) ? [`pool "${pool}"`] : [],
      ),
      ...devices.flatMap(({ mountpoints }) =>
        mountpoints.flatMap((place) => (place ? [`mounted on ${place}`] : [])),
      ),
    ];
    usage.users = [...new Set([...usage.users, ...users])];
    found.set(wwid, usage);
  }
  return found;
}

function isOn(
  path: string,
  wwid: string,
  devices: readonly BlockDevice[],
): boolean {
  const wwn = wwnOf(diskOf(path));
  return (
    (wwn !== undefined && `3${wwn}` === wwid) ||
    devices.some((device) => device.path === path)
  );
}

function wwidOf(wwn: string): string {
  return `3${wwn.replace(/^0x/, "")}`;
}

/** A map cannot open a disk that somebody has open by one of its paths. */
export function refuseRaw(
  wwids: readonly string[],
  usage: ReadonlyMap<string, Usage>,
  host: string,
): void {
  const taken = wwids.flatMap((wwid) => {
    const { hasMap, users = [] } = usage.get(wwid) ?? {};
    return hasMap || users.length === 0
      ? []
      : [`${wwid} is in use by ${users.join(" and ")}`];
  });
  if (taken.length > 0) {
    throw new UserError(
      `on host "${host}" ${taken.join(", ")} without a map, by one path of it. Export the pool ("zpool export"), make the maps, and import it from them ("zpool import -d /dev/mapper")`,
    );
  }
}

export function refuseUsed(
  wwids: readonly string[],
  usage: ReadonlyMap<string, Usage>,
  host: string,
): void {
  const taken = wwids.flatMap((wwid) => {
    const { hasMap, users = [] } = usage.get(wwid) ?? {};
    return hasMap && users.length > 0
      ? [`/dev/mapper/${wwid} is in use by ${users.join(" and ")}`]
      : [];
  });
  if (taken.length > 0) {
    throw new UserError(
      `on host "${host}" ${taken.join(", ")}: nothing was removed. Export the pool first ("zpool export")`,
    );
  }
}
