import type { HostWorld } from "../../world";
import { poolStates, writeLabels } from "../labels";
import { gptTypes, type Writable, writeGpt } from "../partitions/gpt";
import { writeMbr } from "../partitions/mbr";
import { change, imageOf, load } from "../state";
import { settle } from "../udev";
import {
  bytesFrom,
  dashed,
  ext4,
  type Format,
  luks,
  lvm,
  raid,
  swap,
  uuidFrom,
  vfat,
  xfs,
} from "./formats";

const formats: Record<string, (device: Writable, format: Format) => void> = {
  ext4,
  xfs,
  swap,
  lvm,
  raid,
  luks,
};

/** What may be found on a disk that somebody takes for a new one. */
export type Content =
  | { kind: "blank" }
  | {
      kind: "ext4" | "xfs" | "swap" | "lvm" | "raid" | "luks";
      label?: string;
      /** The whole disk if left out. */
      table?: "gpt" | "mbr";
    }
  | { kind: "empty-table"; table: "gpt" | "mbr" }
  | { kind: "storage-spaces" }
  | { kind: "raw"; where?: "start" | "end" }
  | {
      kind: "pool";
      name: string;
      state: "active" | "exported" | "destroyed";
      guid?: bigint;
      /** As on a map or an old pool: no partition table. */
      bare?: boolean;
    }
  | { kind: "boot" };

const mebibyte = 1 << 20;

/** Puts it on the disk of this serial number or WWN, over all that was there. */
export function fillDisk(
  world: HostWorld,
  disk: string,
  content: Content,
): void {
  for (const spec of load(world).disks) {
    if (spec.serial !== disk && spec.wwn !== disk) continue;
    const image = imageOf(world, spec);
    image.clear();
    write(image, content, spec.serial);
    if (content.kind === "boot") mountBoot(world, spec.serial);
    settle(world);
    return;
  }
  throw new Error(`No disk ${disk} is in ${world.name}.`);
}

function write(disk: Writable, content: Content, seed: string): void {
  switch (content.kind) {
    case "blank":
      return;
    case "empty-table":
      if (content.table === "gpt") writeGpt(disk, [], guid(seed));
      else writeMbr(disk, [], identifier(seed));
      return;
    case "raw": {
      const at = content.where === "end" ? disk.sizeBytes - 65536 : 4096;
      disk.write(at, bytesFrom(`${seed}:raw`, 4096));
      return;
    }
    case "storage-spaces":
      writeGpt(disk, storageSpaces(disk, seed), guid(seed));
      writePool(part(disk, 17 * mebibyte), seed);
      return;
    case "pool":
      writeMember(disk, content, seed);
      return;
    case "boot":
      writeBoot(disk, seed);
      return;
    default: {
      const format = formats[content.kind];
      const { label, table } = content;
      format?.(table === undefined ? disk : tabled(disk, table, seed), {
        label,
        seed,
      });
    }
  }
}

const guid = (seed: string): string => dashed(uuidFrom(seed));
const identifier = (seed: string): number =>
  bytesFrom(`${seed}:mbr`, 4).readUInt32LE(0);

function part(
  disk: Writable,
  startBytes: number,
  sizeBytes = disk.sizeBytes - startBytes - mebibyte,
): Writable & { startBytes: number } {
  return {
    startBytes,
    sizeBytes: sizeBytes - (sizeBytes % 512),
    read: (offset, length) => disk.read(startBytes + offset, length),
    write: (offset, data) => disk.write(startBytes + offset, data),
  };
}

/** One partition from the first to the last mebibyte. */
function tabled(disk: Writable, table: "gpt" | "mbr", seed: string): Writable {
  const only = part(disk, mebibyte);
  if (table === "gpt") {
    const uuid = guid(`${seed}:part1`);
    writeGpt(disk, [{ ...only, type: gptTypes.linux, uuid }], guid(seed));
    return only;
  }
  const limit = Math.min(only.sizeBytes, 0xffffffff * 512);
  const within = part(disk, mebibyte, limit);
  writeMbr(disk, [{ ...within, type: 0x83 }], identifier(seed));
  return within;
}

function storageSpaces(disk: Writable, seed: string) {
  return [
    {
      ...part(disk, mebibyte, 16 * mebibyte),
      type: gptTypes.microsoftReserved,
      uuid: guid(`${seed}:part1`),
      label: "Microsoft reserved partition",
    },
    {
      ...part(disk, 17 * mebibyte),
      type: gptTypes.storageSpaces,
      uuid: guid(`${seed}:part2`),
      label: "Storage pool",
    },
  ];
}

/** Nothing that libblkid knows: only the partition's type tells. */
function writePool(pool: Writable, seed: string): void {
  pool.write(4096, Buffer.from("SPACEDB \0\x01", "latin1"));
  pool.write(mebibyte, bytesFrom(`${seed}:spaces`, 65536));
}

/** A pool's only leaf; on part1 of a GPT of its own, as ZFS takes whole disks. */
function writeMember(
  disk: Writable,
  { bare, guid, name, state }: Extract<Content, { kind: "pool" }>,
  seed: string,
): void {
  const member = bare ? disk : zfsTable(disk, name, seed);
  const number = (of: string): bigint => bytesFrom(of, 8).readBigUInt64LE(0);
  const leaf = number(`${seed}:leaf`);
  writeLabels(member, {
    version: 5000n,
    name,
    state: poolStates[state],
    txg: 42n,
    pool_guid: guid ?? number(`pool:${name}`),
    errata: 0n,
    hostid: 0x1a2b3c4dn,
    hostname: "elsewhere",
    top_guid: leaf,
    guid: leaf,
    vdev_children: 1n,
    vdev_tree: {
      type: "disk",
      id: 0n,
      guid: leaf,
      path: `/dev/disk/by-id/old-${seed}${bare ? "" : "-part1"}`,
      whole_disk: bare ? 0n : 1n,
      metaslab_array: 256n,
      metaslab_shift: 34n,
      ashift: 12n,
      asize: BigInt(member.sizeBytes - 4 * mebibyte - mebibyte / 2),
      is_log: 0n,
      create_txg: 4n,
    },
    features_for_read: {
      "com.delphix:hole_birth": true,
      "com.delphix:embedded_data": true,
    },
  });
  member.write(8 * mebibyte, bytesFrom(`${seed}:data`, 8192));
}

function zfsTable(disk: Writable, name: string, seed: string): Writable {
  const reserved = 8 * mebibyte;
  const end = disk.sizeBytes - mebibyte - reserved;
  const first = part(disk, mebibyte, end - mebibyte);
  const ninth = part(disk, first.startBytes + first.sizeBytes, reserved);
  const rows = [
    { ...first, number: 1, type: gptTypes.zfs, label: `zfs-${name}` },
    { ...ninth, number: 9, type: gptTypes.solarisReserved },
  ];
  const uuid = (number: number): string => guid(`${seed}:part${number}`);
  writeGpt(
    disk,
    rows.map((row) => ({ ...row, uuid: uuid(row.number) })),
    guid(seed),
  );
  return first;
}

/** BIOS boot, EFI system and root partition. */
function writeBoot(disk: Writable, seed: string): void {
  const bios = {
    ...part(disk, (1024 * 34) / 2, 1007 * 1024),
    type: gptTypes.biosBoot,
  };
  const efi = part(disk, mebibyte, 1024 * mebibyte);
  const root = part(disk, 1025 * mebibyte);
  writeGpt(
    disk,
    [
      bios,
      { ...efi, type: gptTypes.efiSystem },
      { ...root, type: gptTypes.linux },
    ].map((row, index) => ({ ...row, uuid: guid(`${seed}:part${index + 1}`) })),
    guid(seed),
  );
  vfat(efi, { seed: `${seed}:efi` });
  ext4(root, { seed: `${seed}:root`, label: "root" });
}

/** The first boot disk is the one that the machine runs from. */
function mountBoot(world: HostWorld, serial: string): void {
  change(world, (state) => {
    if (state.mounts.some(({ target }) => target === "/")) return;
    state.mounts.push(
      { serial, partition: 3, target: "/" },
      { serial, partition: 2, target: "/boot/efi" },
    );
  });
}
