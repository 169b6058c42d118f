import { isIP } from "node:net";
import {
  boolean,
  type Check,
  dnsName,
  integer,
  matching,
  oneOf,
  string,
} from "./parameters";
import { pluginOf } from "./storage-plugins";

export const storageTypes = [
  ...["btrfs", "cephfs", "cifs", "dir", "esxi", "iscsi", "iscsidirect", "lvm"],
  ...["lvmthin", "nfs", "pbs", "rbd", "zfs", "zfspool"],
];
const list =
  (items: readonly string[], what: string): Check =>
  (value) => {
    const wrong = split(value).find((item) => !items.includes(item));
    return wrong ? `invalid format - invalid ${what} '${wrong}'` : undefined;
  };
const absolute = matching(/^\/[^;()]+/, "absolute path");
const server: Check = (value) =>
  isIP(value) || dnsName(value) === undefined
    ? undefined
    : "invalid format - value does not look like a valid server name or IP address";
const group: Check = (value) =>
  /^[a-z0-9][a-z0-9\-_.]*[a-z0-9]$/i.test(value)
    ? undefined
    : `invalid format - lvm name '${value}' contains illegal characters`;

/** All plugins' settings that may change at all, as PVE's schema of the update has them. */
export const changeableSettings: Record<string, Check> = {
  blocksize: matching(/^[1-9]\d*[km]?$/i, "ZFS blocksize"),
  bwlimit: string,
  comstar_hg: string,
  comstar_tg: string,
  content: list([...pluginOf("dir").content], "content type"),
  "content-dirs": string,
  "create-base-path": boolean,
  "create-subdirs": boolean,
  "data-pool": string,
  disable: boolean,
  domain: string,
  "encryption-key": string,
  fingerprint: string,
  format: oneOf("raw", "qcow2", "subvol", "vmdk"),
  "fs-name": string,
  fuse: boolean,
  is_mountpoint: string,
  keyring: string,
  krbd: boolean,
  lio_tpg: string,
  "master-pubkey": string,
  "max-protected-backups": integer(-1),
  mkdir: boolean,
  monhost: string,
  mountpoint: absolute,
  namespace: string,
  nocow: boolean,
  nodes: string,
  nowritecache: boolean,
  options: matching(/^\S+$/, "mount options"),
  password: string,
  pool: string,
  port: integer(1, 65_535),
  preallocation: oneOf("off", "metadata", "falloc", "full"),
  "prune-backups": string,
  saferemove: boolean,
  "saferemove-stepsize": oneOf("1", "2", "4", "8", "16", "32"),
  saferemove_throughput: string,
  server,
  shared: boolean,
  "skip-cert-verification": boolean,
  smbversion: string,
  "snapshot-as-volume-chain": boolean,
  sparse: boolean,
  subdir: absolute,
  tagged_only: boolean,
  username: string,
  "zfs-base-path": absolute,
};
export const storageSettings: Record<string, Check> = {
  ...changeableSettings,
  authsupported: string,
  base: string,
  datastore: string,
  export: absolute,
  iscsiprovider: string,
  path: absolute,
  portal: string,
  share: string,
  target: string,
  thinpool: group,
  vgname: group,
};

/** Of what stands in a definition as a number. */
export const isNumber = (key: string) =>
  /^(disable|shared|sparse|mkdir|saferemove|tagged_only|create-.*|max-.*|snapshot-.*)$/.test(
    key,
  );

export const storageId = matching(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
  "storage ID",
);

export function split(text = ""): string[] {
  return text.split(/[;,\s]+/).filter(Boolean);
}
