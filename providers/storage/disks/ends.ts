import type { Machine } from "../../host/client/machine";
import type { BlockDevice } from "./lsblk";

/** Formats that no tool knows mostly have something in here. */
const lookedAt = 1024 * 1024;

/** The devices whose first or last MiB is not all zero, with what was there. */
export async function readEnds(
  machine: Machine,
  devices: readonly BlockDevice[],
  signal: AbortSignal,
): Promise<Map<BlockDevice, string>> {
  const words = await Promise.all(
    devices.map((device) => judge(machine, device, signal)),
  );
  return new Map(
    devices.flatMap((device, index) => {
      const here = words[index];
      return here === undefined ? [] : [[device, here] as const];
    }),
  );
}

async function judge(
  machine: Machine,
  { path, size }: BlockDevice,
  signal: AbortSignal,
): Promise<string | undefined> {
  const length = Math.min(lookedAt, size);
  for (const [where, skip] of [
    ["first", 0],
    ["last", size - length],
  ] as const) {
    const { code, stderr } = await machine.run(
      ["cmp", "-n", `${length}`, "-i", `${skip}:0`, path, "/dev/zero"],
      { signal, codes: [0, 1, 2], looks: true },
    );
    if (code > 1) return `cannot be read: ${stderr.trim()}`;
    if (code === 1) {
      return `data of no known format in its ${where} MiB (raw data, a detached LUKS header, a RAID controller's)`;
    }
  }
  return undefined;
}
