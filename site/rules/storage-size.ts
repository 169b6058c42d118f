import type { Rule } from "./finding";
import { overfull } from "./storage-load";

export const storageSize: Rule = {
  id: "storage-size",
  severity: "error",
  title: "Disks fit on a storage that reserves their space",
  fact: "A ZFS volume reserves its whole size when it is made (pve-storage, ZFSPoolPlugin): the disk that finds no room is not made.",
  check: (site) => overfull(site, ({ type }) => type === "zfspool"),
  remedy: "Make disks smaller, or put some on another storage.",
};
