import type { Rule } from "./finding";

export const lunSharing: Rule = {
  id: "lun-sharing",
  severity: "error",
  title: "A disk that is served has one host that writes to it",
  fact: "LIO lets every initiator of an ACL write at the same time, and a file system or volume group that is no cluster's is destroyed by the second that does (pve-docs, Storage, LVM over iSCSI: locks are the cluster's).",
  check: ({ storage, proxmox }) =>
    (storage?.iscsi?.targets ?? []).flatMap(({ name, to, shared }, index) => {
      const places = new Set(
        to.map(
          (host) =>
            proxmox.hosts.find((item) => item.host === host)?.cluster ?? host,
        ),
      );
      return to.length < 2 || shared !== undefined
        ? []
        : [
            {
              message: `target "${name}" gives its disks to ${to.map((host) => `"${host}"`).join(" and ")}${places.size > 1 ? ", which are no cluster" : ""}`,
              path: ["storage", "iscsi", "targets", index, "to"],
            },
          ];
    }),
  remedy:
    'Give each host its own target, or say in "shared" what keeps them apart, e.g. a volume group that one cluster of Proxmox VE locks.',
};
