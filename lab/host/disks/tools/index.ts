import type { Tool } from "../../tool";
import { multipath } from "../multipath/multipath";
import { multipathd } from "../multipath/multipathd";
import { blkid } from "./blkid";
import { dd, head, tail } from "./dd";
import { lsblk } from "./lsblk";
import { smartctl } from "./smartctl";
import { partprobe, udevadm } from "./udevadm";
import { wipefs } from "./wipefs";

export const tools: Record<string, Tool> = {
  blkid,
  dd,
  head,
  lsblk,
  partprobe,
  smartctl,
  tail,
  udevadm,
  wipefs,
};

/** Of the package multipath-tools. */
export const multipathTools: Record<string, Tool> = { multipath, multipathd };
