import { z } from "zod";
import type { Words } from "../../host/client/machine";

/** A block device and what is stacked upon it. */
export interface BlockDevice {
  /** Of a map its own, "35000c500a1b2c3d4". */
  name: string;
  /** The kernel's name, "dm-0", to which links lead. */
  kname: string;
  path: string;
  /** "disk", "part", "mpath", "lvm", "crypt", "raid1" ... */
  type: string;
  size: number;
  wwn: string | null;
  serial: string | null;
  fstype: string | null;
  pttype: string | null;
  parttype: string | null;
  ro: boolean;
  mountpoints: (string | null)[];
  children?: BlockDevice[];
}

const text = z.string().nullable();
const device: z.ZodType<BlockDevice> = z.object({
  name: z.string(),
  kname: z.string(),
  path: z.string(),
  type: z.string(),
  size: z.coerce.number(),
  wwn: text,
  serial: text,
  fstype: text,
  pttype: text,
  parttype: text,
  ro: z.union([z.boolean(), z.stringbool()]),
  mountpoints: z.array(text),
  get children() {
    return z.array(device).optional();
  },
});
const output = z.object({ blockdevices: z.array(device) });

export const lsblk: Words = [
  "lsblk",
  "-J",
  "-b",
  "-o",
  "NAME,KNAME,PATH,TYPE,SIZE,WWN,SERIAL,FSTYPE,PTTYPE,PARTTYPE,RO,MOUNTPOINTS",
];

export function parseLsblk(text: string): BlockDevice[] {
  return text.trim() === "" ? [] : output.parse(JSON.parse(text)).blockdevices;
}

/** It and all upon it; a map stands below each of its paths. */
export function withChildren(item: BlockDevice): BlockDevice[] {
  return [item, ...(item.children ?? []).flatMap(withChildren)];
}
