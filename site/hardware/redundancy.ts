import type { Vdev } from "../manifest";

/** Disks of a vdev that may fail. */
export function toleranceOf({ type, disks }: Vdev): number {
  if (type === "stripe") return 0;
  return type === "mirror" ? disks.length - 1 : Number(type.slice(-1));
}

/** Whether the pool is gone with the vdev. */
export function isVital({ class: kind }: Vdev): boolean {
  return kind !== "cache" && kind !== "log";
}
