import { z } from "zod";
import type { Machine } from "../../host/client/machine";
import type { BlockDevice } from "./lsblk";

/** What a tool knows by its first bytes. */
export interface Signature {
  /** The kernel's name of the device, "sda1". */
  device: string;
  type: string;
  label?: string;
  uuid?: string;
}

/** Of both tools: each knows formats that the other does not. */
export async function signaturesOn(
  machine: Machine,
  devices: readonly BlockDevice[],
  signal: AbortSignal,
): Promise<Signature[]> {
  if (devices.length === 0) return [];
  const paths = devices.map(({ path }) => path);
  const wipefs = await machine.run(["wipefs", "-n", "-J", ...paths], {
    signal,
    looks: true,
  });
  // Of several it would pass over all that follow the first blank one.
  const blkid = await Promise.all(
    devices.map(async ({ name, path }) => {
      const { code, stdout } = await machine.run(
        ["blkid", "-p", "-o", "export", path],
        { signal, codes: [0, 2, ambivalent], looks: true },
      );
      return code === ambivalent
        ? [{ device: name, type: "several formats at once" }]
        : parseBlkid(stdout);
    }),
  );
  return [...blkid.flat(), ...parseWipefs(wipefs.stdout)];
}

const ambivalent = 8;

const output = z.object({
  signatures: z.array(
    z.object({
      device: z.string(),
      type: z.string(),
      label: z.string().nullish(),
      uuid: z.string().nullish(),
    }),
  ),
});

/** `wipefs -n -J`, of one device or several. */
export function parseWipefs(text: string): Signature[] {
  if (text.trim() === "") return [];
  return output.parse(JSON.parse(text)).signatures.map((item) => ({
    device: item.device,
    type: item.type,
    label: item.label ?? undefined,
    uuid: item.uuid ?? undefined,
  }));
}

/** `blkid -p -o export` of one device. */
export function parseBlkid(text: string): Signature[] {
  const lines = text.split("\n").map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  const found = new Map(lines);
  // As wipefs and lsblk say it, whatever folder it is in.
  const device = found.get("DEVNAME")?.replace(/^.*\//, "");
  const type = found.get("TYPE") ?? found.get("PTTYPE");
  if (device === undefined || type === undefined) return [];
  const label = unescaped(found.get("LABEL"));
  return [{ device, type, label, uuid: found.get("UUID") }];
}

/** blkid writes it for a shell. */
function unescaped(text: string | undefined): string | undefined {
  return text?.replaceAll(/\\(.)/g, "$1");
}

/** What a partition's type says where the partition itself says nothing. */
const partitionTypes: Record<string, string> = {
  "e75caf8f-f680-4cee-afa3-b001e56efc2d": "Microsoft Storage Spaces",
  "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "Microsoft basic data",
  "e3c9e316-0b5c-4db8-817d-f92df00215ae": "Microsoft reserved",
  "af9b60a0-1431-4f62-bc68-3311714a69ad": "Microsoft LDM data",
  "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "EFI system",
  "0fc63daf-8483-4772-8e79-3d69d8477de4": "Linux file system",
  "a19d880f-05fc-4d3b-a006-743f0f84911e": "Linux RAID",
  "e6d6d379-f507-44c2-a23c-238f2a3df928": "Linux LVM",
  "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "Linux swap",
  "6a898cc3-1dd2-11b2-99a6-080020736631": "ZFS",
};

export function partitionType(type: string | null): string {
  if (type === null) return "of no type";
  const known = partitionTypes[type.toLowerCase()];
  return known ? `${known}, ${type}` : `type ${type}`;
}
