import { z } from "zod";
import { timeouts } from "../../dynamic/inputs";
import { problemsOf } from "./problems";
import { poolProperties, rootProperties } from "./properties";

/** By its WWN, see disks/names.ts. */
const disk = z.string();
const guid = z
  .string()
  .regex(/^[1-9]\d{0,19}$/, "must be a GUID, as a string of digits");

const vdev = z.strictObject({
  /** "stripe": each disk is a vdev of its own, without redundancy. */
  type: z.enum(["mirror", "raidz1", "raidz2", "raidz3", "stripe"]),
  /** Left out: data. */
  class: z.enum(["special", "dedup", "log", "cache"]).optional(),
  disks: z.array(disk),
});

export type VdevInputs = z.output<typeof vdev>;

/** What a host may have, too: there the rules of `schema` can be broken. */
const shape = z.strictObject({
  owner: z.string(),
  host: z.string(),
  name: z.string(),
  vdevs: z.array(vdev),
  /** They stand in by themselves for a disk that fails. */
  spares: z.array(disk).default([]),
  /** Of each vdev, for good: the sector size as a power of two. */
  ashift: z.int().min(9).max(16).optional(),
  properties: poolProperties.optional(),
  /** The pool's root dataset, from which the others inherit. */
  dataset: rootProperties.optional(),
  /** Of the root dataset; left out at creation: /NAME. */
  mountpoint: z.string().optional(),
  canmount: z.enum(["on", "off", "noauto"]).optional(),
  /** Disks that new ones take the place of. */
  replace: z.array(z.strictObject({ old: disk, new: disk })).optional(),
  /**
   * Disks that may join the pool with new vdevs, or one more of a mirror or
   * raidz: they cannot leave it again.
   */
  add: z.array(disk).optional(),
  /** What people call its disks, by the disk: messages say both. */
  labels: z.record(z.string(), z.string()).optional(),
  /** Takes over the pool that has this GUID. */
  adopt: z.strictObject({ guid }).optional(),
  /** Has deletion destroy the pool that has this GUID, and all that is in it. */
  destroy: z.strictObject({ guid }).optional(),
  timeouts,
});

export type ZfsPoolInputs = z.output<typeof shape>;

export function parse(inputs: unknown): ZfsPoolInputs {
  return shape.parse(inputs);
}

export interface ZfsPoolOutputs {
  /** A 64-bit number, too large for JavaScript's. */
  guid: string;
  /** GUIDs of what stands in the pool, by disk. */
  disks: Record<string, string>;
  /** "ONLINE", "DEGRADED" ... */
  health: string;
  /** What ZFS does by itself, or did last. */
  scan: string;
  /** "SPARE for DISK" */
  sparesInUse: string[];
}

export const schema = shape.superRefine((inputs, context) => {
  for (const { path, message } of problemsOf(inputs))
    context.addIssue({ code: "custom", path, message });
});
