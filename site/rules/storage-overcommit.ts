import type { Rule } from "./finding";
import { overfull, overfullMounts } from "./storage-load";

export const storageOvercommit: Rule = {
  id: "storage-overcommit",
  severity: "warning",
  title: "A thin storage has room for all that its guests may write",
  fact: "When a thin storage is full, every guest on it gets I/O errors, and file systems are damaged (pve-docs, Thin Provisioning).",
  check: (site) => [
    ...overfull(site, ({ type }) => type !== "zfspool"),
    ...overfullMounts(site),
  ],
  remedy: "Make disks smaller, or watch how full it gets.",
};
