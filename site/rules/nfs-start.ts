import { storagesOf } from "../storage/mounts";
import type { Rule } from "./finding";

export const nfsStart: Rule = {
  id: "nfs-start",
  severity: "error",
  title: "Guests on a share wait for it at boot",
  fact: "PVE starts guests once, when the host has booted (pve-manager, startall): one whose share does not answer is left out. An NFS server lets nobody write for 90 s after its start (nfsd's grace period).",
  check: (site) =>
    site.guests.flatMap((guest, index) => {
      const host = site.proxmox.hosts.find((item) => item.host === guest.host);
      if (!guest.onBoot || host === undefined || host.startDelay) return [];
      const shares = storagesOf(site, guest.host).flatMap(({ name, type }) =>
        type === "nfs" ? [name] : [],
      );
      return guest.disks
        .filter(({ storage }) => shares.includes(storage))
        .map(({ slot, storage }) => ({
          message: `disk ${slot} of guest "${guest.name}" lies on share "${storage}", and host "${guest.host}" starts it at once`,
          path: ["guests", index, "disks"],
        }));
    }),
  remedy: "Give the host a startDelay, e.g. 2min.",
};
