import type { Site } from "../manifest";
import { type InitiatorPlan, targetsOf } from "../storage/targets";
import { type HostFilesPlan, head } from "./plan";

/**
 * The unit that restores targets waits for no volume of its own, leaves out
 * the disks that are not there yet, and calls that a success. At a shutdown it
 * ends before the pools do.
 */
export function targetOrderFiles(site: Site): HostFilesPlan[] {
  const hosts = new Set(targetsOf(site).map(({ host }) => host));
  return [...hosts].map((host) => ({
    host,
    name: "iscsi-order",
    files: [
      {
        path: "/etc/systemd/system/rtslib-fb-targetctl.service.d/hybrid-site.conf",
        content: `${head}[Unit]
Wants=network-online.target zfs-volumes.target
After=network-online.target zfs-volumes.target
`,
      },
    ],
    reload: ["systemctl", "daemon-reload"],
  }));
}

export interface Chap {
  username: string;
  password: string;
  mutual?: { username: string; password: string };
}

/**
 * What a host logs in with. PVE has no place for CHAP, and open-iscsi reads no
 * folder of settings: this one file is all, and discovery copies it into what
 * the host knows of each target.
 */
export function initiatorFiles(
  { iqn, patience }: InitiatorPlan,
  { username, password, mutual }: Chap,
): { path: string; mode: string; secretContent: string }[] {
  const settings: [string, string][] = [
    ["iscsid.startup", "/usr/bin/systemctl start iscsid.socket"],
    ["node.startup", "manual"],
    ["node.leading_login", "No"],
    ["node.session.timeo.replacement_timeout", `${patience}`],
    ["node.session.auth.authmethod", "CHAP"],
    ["node.session.auth.username", username],
    ["node.session.auth.password", password],
    ...(mutual
      ? ([
          ["node.session.auth.username_in", mutual.username],
          ["node.session.auth.password_in", mutual.password],
        ] satisfies [string, string][])
      : []),
  ];
  const text = settings.map(([key, value]) => `${key} = ${value}\n`).join("");
  return [
    {
      path: "/etc/iscsi/iscsid.conf",
      mode: "0600",
      secretContent: `${head}${text}`,
    },
    {
      path: "/etc/iscsi/initiatorname.iscsi",
      mode: "0600",
      secretContent: `${head}InitiatorName=${iqn}\n`,
    },
  ];
}
