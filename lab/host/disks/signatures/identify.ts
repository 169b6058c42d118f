import type { Device } from "../device";
import { partitionTable } from "../partitions/table";
import { linuxRaid, luks, lvm2 } from "./containers";
import { ext, ntfs, swap, vfat, xfs } from "./filesystems";
import { type Found, Probe, type Signature, type Usage } from "./probe";
import { dosTable, gptTable, protectiveTable } from "./tables";
import { zfsMember } from "./zfs";

/** In libblkid's order, which decides what is found first. */
const superblocks: readonly {
  type: string;
  usage: Usage;
  find(probe: Probe): Found | undefined;
}[] = [
  { type: "linux_raid_member", usage: "raid", find: linuxRaid },
  { type: "LVM2_member", usage: "raid", find: lvm2 },
  { type: "crypto_LUKS", usage: "crypto", find: luks },
  { type: "vfat", usage: "filesystem", find: vfat },
  { type: "swap", usage: "other", find: swap },
  { type: "xfs", usage: "filesystem", find: xfs },
  { type: "ext4", usage: "filesystem", find: ext },
  { type: "zfs_member", usage: "filesystem", find: zfsMember },
  { type: "ntfs", usage: "filesystem", find: ntfs },
];

const tables: readonly {
  type: string;
  find(probe: Probe, force: boolean): Found | undefined;
}[] = [
  { type: "dos", find: dosTable },
  { type: "gpt", find: gptTable },
  { type: "PMBR", find: protectiveTable },
];

type Bytes = Pick<Device, "sizeBytes" | "read"> & { kind?: Device["kind"] };

function probeOf(device: Bytes): Probe {
  const table = device.kind === "part" ? undefined : partitionTable(device);
  return new Probe(device, table);
}

/** All, each as often as its magic is there, as wipefs lists them. */
export function signaturesOf(device: Bytes): Signature[] {
  const probe = probeOf(device);
  const found: Signature[] = [];
  const collect = (
    type: string,
    usage: Signature["usage"],
    find: () => Found | undefined,
  ): void => {
    for (let hit = find(); hit !== undefined; hit = find()) {
      found.push(signature(type, usage, hit));
      probe.hide(hit.magicOffset, hit.magicBytes);
    }
  };
  for (const { find, type, usage } of superblocks)
    collect(type, usage, () => find(probe));
  for (const { find, type } of tables)
    collect(type, "partition-table", () => find(probe, true));
  return found;
}

export interface Identity {
  content?: Signature;
  table?: Signature;
  /** More than one file system: libblkid names none of them. */
  ambivalent: boolean;
}

/** What blkid -p and udev say of a device. */
export function identify(device: Bytes): Identity {
  const probe = probeOf(device);
  const found: Signature[] = [];
  for (const { find, type, usage } of superblocks) {
    const hit = find(probe);
    if (hit === undefined) continue;
    found.push(signature(type, usage, hit));
    if (usage === "raid" || usage === "crypto") break;
  }
  const [first] = found;
  if (found.length > 1) return { ambivalent: true };
  const table = first?.usage === "raid" ? undefined : tableOf(probe);
  return { content: first, table, ambivalent: false };
}

function tableOf(probe: Probe): Signature | undefined {
  for (const { find, type } of tables) {
    const hit = find(probe, false);
    if (hit !== undefined) return signature(type, "partition-table", hit);
  }
  return undefined;
}

function signature(
  type: string,
  usage: Signature["usage"],
  { tags, ...found }: Found,
): Signature {
  const set = tags.filter(
    (tag): tag is [string, string] => tag[1] !== undefined,
  );
  return {
    ...found,
    type: found.type ?? type,
    usage: found.type === "jbd" ? "other" : usage,
    tags: set,
  };
}
