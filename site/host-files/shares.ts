import type { Site } from "../manifest";
import { sharesOf } from "../storage";
import { type HostFilesPlan, head } from "./plan";

/** At boot smbd comes after the pools, and after the addresses that it listens on. */
export function shareFiles(site: Site): HostFilesPlan[] {
  return sharesOf(site).map(({ host }) => ({
    host,
    name: "smbd-start",
    files: [
      {
        path: "/etc/systemd/system/smbd.service.d/hybrid-site.conf",
        content: `${head}[Unit]
After=zfs-mount.service network-online.target
Wants=network-online.target
`,
      },
    ],
    reload: ["systemctl", "daemon-reload"],
  }));
}
