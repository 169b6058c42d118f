import { z } from "zod";
import { slot } from "./slot";

const perSecond = z.number().positive().optional();

const disk = z.strictObject({
  /** Another one moves the volume in place. */
  storage: z.string(),
  /** GiB; grows in place. */
  size: z.int().min(1),
  /** What becomes of the volume when the guest or the slot goes. */
  onDestroy: z.enum(["keep", "destroy"]),
  /** Volume that a new disk is made of, "local:import/data.qcow2"; scsi0's is the source. */
  importFrom: z.string().optional(),
  /** On storages that keep files; another one converts the volume in place. */
  format: z.enum(["raw", "qcow2", "vmdk"]).optional(),
  discard: z.boolean().optional(),
  /** Shown to the guest as not rotating. */
  ssd: z.boolean().optional(),
  ioThread: z.boolean().optional(),
  cache: z
    .enum(["none", "writethrough", "writeback", "unsafe", "directsync"])
    .optional(),
  asyncIo: z.enum(["native", "threads", "io_uring"]).optional(),
  /** Whether vzdump takes it along. */
  backup: z.boolean().optional(),
  replicate: z.boolean().optional(),
  serial: z
    .string()
    .regex(/^[\w.-]{1,20}$/, "must be 1 to 20 letters, digits, . or -")
    .optional(),
  limits: z
    .strictObject({
      /** MB/s */
      read: perSecond,
      write: perSecond,
      /** Operations a second. */
      readOperations: z.int().min(1).optional(),
      writeOperations: z.int().min(1).optional(),
    })
    .optional(),
});

/** Firmware variables (EFI) and TPM state are small volumes with slots of their own. */
export const efiDisk = z.strictObject({
  storage: z.string(),
  /** With Microsoft's and the distributions' keys for Secure Boot. */
  preEnrolledKeys: z.boolean().optional(),
});

export const tpm = z.strictObject({
  storage: z.string(),
  version: z.enum(["v1.2", "v2.0"]).optional(),
});

export const disks = z
  .record(
    z.union([slot("scsi", 30), slot("virtio", 15), slot("sata", 5)]),
    disk,
  )
  .superRefine((all, context) => {
    for (const [key, { ssd, ioThread, importFrom }] of Object.entries(all)) {
      const refuse = (property: string, message: string) =>
        context.addIssue({ code: "custom", path: [key, property], message });
      if (importFrom && key === "scsi0") {
        refuse("importFrom", "is not for scsi0, which source is the image of");
      }
      if (ssd && key.startsWith("virtio")) {
        refuse("ssd", "is not for virtio slots, use a scsi slot");
      }
      if (ioThread && key.startsWith("sata")) {
        refuse("ioThread", "is not for sata slots, use a scsi or virtio slot");
      }
    }
  });

export type Disk = z.output<typeof disk>;
