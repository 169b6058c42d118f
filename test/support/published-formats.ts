import { isIP, isIPv4, isIPv6 } from "node:net";

type Rule = (value: string) => boolean;

const like =
  (pattern: RegExp): Rule =>
  (value) =>
    pattern.test(value);
const network =
  (isAddress: Rule, longest: number): Rule =>
  (value) => {
    const [, address = "", length = ""] = /^(.+)\/(\d+)$/.exec(value) ?? [];
    return isAddress(address) && Number(length) > 7 && +length <= longest;
  };
const cidr4 = network(isIPv4, 32);
const cidr6 = network(isIPv6, 128);
const dnsName = like(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i,
);
const host: Rule = (value) => isIP(value) !== 0 || dnsName(value);
const volumeId = like(/^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$/i);
const absolute = like(/^\//);

/**
 * What a format takes that the schema names and does not describe, as
 * pve-common's JSONSchema.pm and INotify.pm, qemu-server, pve-storage,
 * pve-access-control and pve-ha-manager register it. Of those alone that are sent.
 */
const rules: Record<string, Rule> = {
  CIDRv4: cidr4,
  CIDRv6: cidr6,
  address: host,
  "disk-size": like(/^\d+(\.\d+)?[KMGT]?$/),
  "dns-name": dnsName,
  ipv4: isIPv4,
  ipv6: isIPv6,
  "mac-addr": like(/^[a-f0-9][02468ace](:[a-f0-9]{2}){5}$/i),
  "pve-bridge-id": like(/^[-_.\w]+$/),
  "pve-configid": like(/^[a-z][a-z0-9_-]+$/i),
  "pve-ha-resource-or-vm-id": like(/^([a-z]+:\S+|\d+)$/),
  "pve-hotplug-features": (value) =>
    /^[01]$/.test(value) ||
    value.split(",").every(like(/^(network|disk|cpu|memory|usb|cloudinit)$/)),
  "pve-iface": like(/^[a-z][a-z0-9_]{1,20}([:.]\d+)?$/i),
  "pve-ipv4-config": (value) => value === "dhcp" || cidr4(value),
  "pve-ipv6-config": (value) => /^(dhcp|auto)$/.test(value) || cidr6(value),
  "pve-node": like(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i),
  "pve-poolid": like(/^[\w.-]+(\/[\w.-]+){0,2}$/),
  "pve-startup-order": (value) =>
    value.split(/[, ]+/).every(like(/^((order=)?\d+|up=\d+|down=\d+)$/)),
  "pve-storage-content": like(
    /^(none|images|rootdir|vztmpl|iso|backup|snippets|import)$/,
  ),
  "pve-storage-id": like(/^[a-z][a-z0-9\-_.]*[a-z0-9]$/i),
  "pve-storage-options": like(/^\S+$/),
  "pve-storage-path": absolute,
  "pve-storage-portal-dns": (value) => host(value.replace(/:\d+$/, "")),
  "pve-storage-server": host,
  "pve-storage-vgname": like(/^[a-z0-9][a-z0-9\-_.]*[a-z0-9]$/i),
  "pve-tag": like(/^[a-z0-9_][a-z0-9_\-+.]*$/i),
  "pve-vlan-id-or-range": (value) => {
    const [from = 0, to = from, more] = value.split("-").map(Number);
    return from >= 1 && to >= from && to <= 4094 && more === undefined;
  },
  "pve-vmid": like(/^[1-9]\d{2,8}$/),
  "pve-volume-id": volumeId,
  "pve-volume-id-or-absolute-path": (value) =>
    absolute(value) || volumeId(value),
  "pve-volume-id-or-qm-path": (value) =>
    /^(none|cdrom)$/.test(value) || absolute(value) || volumeId(value),
  string: () => true,
  urlencoded: like(/^[-%\w.!~*'()]*$/),
};

/** What is wrong with the value; a format without a rule is wrong, too. */
export function formatProblem(name: string, value: string): string | undefined {
  const base = name.replace(/-list$/, "");
  const rule = rules[base];
  if (rule === undefined) return `no rule for the format "${name}" is here`;
  const items = base === name ? [value] : value.split(/[\0,;\s]+/);
  const bad = items.filter((item) => item !== "").find((item) => !rule(item));
  return bad === undefined ? undefined : `"${bad}" is no ${base}`;
}
