import { posix } from "node:path";
import { type NvList, poolStates } from "../disks/labels";
import type { HostWorld } from "../world";
import { Disks } from "./disks";
import { vdevOf } from "./labels";
import { loadPool, type Pool } from "./pool";
import { importedGuids } from "./settings";
import { leavesOf, type Vdev } from "./tree";

/** A pool that lies on disks and is not imported. */
export interface Candidate {
  pool: Pool;
  /** Of the machine that had it last. */
  hostid: string;
  hostname: string;
  timestamp: number;
}

interface Member {
  label: NvList;
  /** Names of the disk. */
  paths: string[];
}

/**
 * As the labels say; what does not lie in them (datasets, spares) comes with
 * the pool. `folders`: only names within them count, as with -d.
 */
export function candidates(
  world: HostWorld,
  folders: readonly string[] = [],
): Candidate[] {
  const disks = new Disks(world);
  const members = membersOf(disks, folders);
  const imported = importedGuids(world);
  const guids = new Set(
    [...members.values()]
      .map(({ label }) => label.pool_guid)
      .filter((guid) => typeof guid === "bigint")
      .map((guid) => `${guid}`),
  );
  return [...guids]
    .filter((guid) => !imported.includes(guid))
    .map((guid) => candidate(world, guid, members, folders))
    .filter((found) => found !== undefined)
    .sort((a, b) => (a.pool.name < b.pool.name ? -1 : 1));
}

function membersOf(
  disks: Disks,
  folders: readonly string[],
): Map<string, Member> {
  const found = new Map<string, Member>();
  for (const device of disks.all()) {
    const names = [`/dev/${device.name}`, ...disks.links(device)];
    const paths =
      folders.length === 0
        ? names
        : names.filter((name) =>
            folders.some(
              (folder) =>
                posix.dirname(name) ===
                  posix.normalize(folder).replace(/\/$/, "") || name === folder,
            ),
          );
    if (paths.length === 0) continue;
    const label = disks.label(device);
    if (label === undefined || label === "gone") continue;
    if (typeof label.guid !== "bigint") continue;
    const guid = `${label.guid}`;
    const known = found.get(guid);
    if (known === undefined) found.set(guid, { label, paths });
    else {
      known.paths.push(...paths);
      if (txgOf(label) > txgOf(known.label)) known.label = label;
    }
  }
  return found;
}

const txgOf = ({ txg }: NvList) => (typeof txg === "bigint" ? txg : 0n);

function candidate(
  world: HostWorld,
  guid: string,
  members: ReadonlyMap<string, Member>,
  folders: readonly string[],
): Candidate | undefined {
  const own = [...members.values()].filter(
    ({ label }) => `${label.pool_guid}` === guid,
  );
  const best = own.reduce((one, other) =>
    txgOf(other.label) > txgOf(one.label) ? other : one,
  );
  const { label } = best;
  const name = typeof label.name === "string" ? label.name : "";
  const kept = loadPool(world, guid);
  const isNewest = kept !== undefined && BigInt(kept.txg) >= txgOf(label);
  const pool: Pool = isNewest
    ? structuredClone(kept)
    : fromLabels(
        guid,
        own.map((member) => member.label),
        label,
      );
  pool.name = name;
  for (const leaf of [...leavesOf(pool.root), ...pool.spares, ...pool.caches]) {
    const paths = members.get(leaf.guid)?.paths;
    if (paths !== undefined) leaf.path = bestPath(paths, leaf.path, folders);
    // Whether it is there is found out anew.
    delete leaf.removedAt;
    delete leaf.notPresent;
    if (leaf.offline === "until-boot") delete leaf.offline;
  }
  return {
    pool,
    hostid:
      typeof label.hostid === "bigint"
        ? label.hostid.toString(16).padStart(8, "0")
        : pool.hostid,
    hostname:
      typeof label.hostname === "string" ? label.hostname : pool.hostname,
    timestamp: Date.now(),
  };
}

/** The name in the label if it is still this disk's, else the most lasting one. */
function bestPath(
  paths: readonly string[],
  old: string | undefined,
  folders: readonly string[],
): string {
  if (old !== undefined && paths.includes(old)) return old;
  const order = [
    "/dev/mapper/",
    "/dev/disk/by-id/wwn-",
    "/dev/disk/by-id/",
    "/dev/disk/by-path/",
  ];
  const rank = (path: string) => {
    const found = order.findIndex((start) => path.startsWith(start));
    return found < 0 ? order.length : found;
  };
  const fallback = folders[0] ?? "";
  return [...paths].sort((a, b) => rank(a) - rank(b))[0] ?? fallback;
}

/** Of a pool that no tool of this machine made. */
function fromLabels(
  guid: string,
  labels: readonly NvList[],
  best: NvList,
): Pool {
  const count =
    typeof best.vdev_children === "bigint" ? Number(best.vdev_children) : 1;
  const tops = new Map<number, { vdev: Vdev; txg: bigint }>();
  for (const label of labels) {
    const tree = label.vdev_tree;
    if (typeof tree !== "object" || Array.isArray(tree)) continue;
    const vdev = vdevOf(tree);
    const id = typeof tree.id === "bigint" ? Number(tree.id) : 0;
    const known = tops.get(id);
    if (vdev === undefined || (known && known.txg >= txgOf(label))) continue;
    tops.set(id, { vdev, txg: txgOf(label) });
  }
  const absent = (id: number): Vdev => ({
    kind: "disk",
    guid: `${id + 1}`,
    createdAt: 0,
    children: [],
    path: `/dev/missing-${id}`,
    notPresent: true,
  });
  const state =
    best.state === poolStates.destroyed
      ? "destroyed"
      : best.state === poolStates.exported
        ? "exported"
        : "active";
  return {
    name: "",
    guid,
    state,
    txg: Number(txgOf(best)),
    root: {
      kind: "root",
      guid,
      createdAt: 0,
      children: Array.from(
        { length: count },
        (_, id) => tops.get(id)?.vdev ?? absent(id),
      ),
    },
    spares: [],
    caches: [],
    properties:
      typeof best.comment === "string" ? { comment: best.comment } : {},
    vdevProperties: {},
    datasets: {
      "": {
        guid: `${BigInt(guid) ^ 0xffffn}`,
        type: "filesystem",
        creation: Math.floor(Date.now() / 1_000),
        createtxg: 1,
        local: {},
        received: {},
        fixed: {},
      },
    },
    history: [],
    createdAt: 0,
    hostid: "00000000",
    hostname: "",
  };
}
