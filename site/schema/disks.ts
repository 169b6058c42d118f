import { z } from "zod";
import { capacity } from "./units";

export const wwn = z
  .string()
  .regex(
    /^0x[0-9a-f]{16}([0-9a-f]{16})?$/,
    "must be a World Wide Name like 0x5000c500a1b2c3d4",
  )
  .describe("World Wide Name: lsblk -o NAME,WWN, or on the label.");

export const diskSize = capacity.describe("As sold, e.g. 4TB.");

/** "shelf1:0", or "router-server:ssd0". */
export const diskPlace = z
  .string()
  .regex(
    /^[a-z0-9-]+:[a-z0-9-]+$/,
    'must be "SHELF:BAY" or "HOST:DISK", like shelf1:0',
  )
  .transform((text) => {
    const [holder = "", name = ""] = text.split(":");
    return { holder, name };
  });

export type DiskPlace = z.output<typeof diskPlace>;
