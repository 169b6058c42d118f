import type { Site } from "../manifest";
import { poolCareOf } from "../storage";
import { type HostFilesPlan, head } from "./plan";

/**
 * The limit of ZFS's cache, from the next start on. Of two settings the later
 * file's counts, and Proxmox VE's installer writes zfs.conf.
 */
export function cacheFiles(site: Site): HostFilesPlan[] {
  return poolCareOf(site).flatMap(({ host, arcMax }) =>
    arcMax === undefined
      ? []
      : [
          {
            host,
            name: "zfs-cache",
            files: [
              {
                path: "/etc/modprobe.d/zz-hybrid-site-zfs.conf",
                content: `${head}options zfs zfs_arc_max=${arcMax}\n`,
              },
            ],
            // The module is loaded from there, before the root is.
            reload: ["update-initramfs", "-u"],
          },
        ],
  );
}
