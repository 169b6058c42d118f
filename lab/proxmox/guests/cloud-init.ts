import { createHash } from "node:crypto";
import { type Call, may, type Route, requirePrivilege } from "../call";
import {
  checkGuest,
  checkLock,
  hiddenPassword,
  saveGuest,
  withoutPassword,
} from "../guest-config";
import { lockTimeout } from "../guest-work";
import { oneOf } from "../parameters";
import { parse } from "../property-strings";
import type { Config } from "../world";
import { splitList } from "./config-keys";
import { parseNetwork } from "./device-formats";
import { regenerate } from "./pending";

const one = "/nodes/{node}/qemu/{vmid}/cloudinit";
/** Networks are not among them: GET .../cloudinit does not look at them. */
const keys =
  "cicustom cipassword citype ciuser ciupgrade nameserver searchdomain sshkeys".split(
    " ",
  );

/** What the drive says, and what it will say once it is written anew. */
function differences(call: Call): unknown[] {
  const { vmid, config, cloudinit = {} } = checkGuest(call);
  requirePrivilege(call, `/vms/${vmid}`, "VM.Audit");
  const { added: names = "", ...written } = cloudinit;
  const added = splitList(String(names));
  const shown = (key: string, value: string | number | undefined) =>
    key === "cipassword" && value !== undefined ? hiddenPassword : value;
  return [
    ...added.map((key) => ({ key, pending: shown(key, config[key]) })),
    ...keys
      .filter((key) => config[key] && !String(names).includes(key))
      .map((key) =>
        written[key]
          ? {
              key,
              value: shown(key, written[key]),
              pending: shown(key, config[key]),
            }
          : { key, value: shown(key, config[key]) },
      ),
    ...Object.keys(written)
      .filter((key) => !config[key])
      .map((key) => ({ key, delete: 1 })),
  ];
}

async function rewrite(call: Call): Promise<null> {
  const guest = checkGuest(call);
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Cloudinit");
  await lockTimeout(call, guest.vmid);
  checkLock(guest);
  regenerate(guest);
  saveGuest(call.world, guest);
  return null;
}

function dump(call: Call): string {
  const { vmid, config } = checkGuest(call);
  requirePrivilege(call, `/vms/${vmid}`, "VM.Audit");
  const { type } = call.params;
  const isWindows = /^(win|w2k|wxp|wvista)/.test(String(config.ostype ?? ""));
  const format = config.citype ?? (isWindows ? "configdrive2" : "nocloud");
  const mayRead = may(call, `/vms/${vmid}`, "VM.Config.Cloudinit");
  const shown = mayRead ? config : withoutPassword(config);
  if (type === "user") return userData(vmid, shown);
  const network =
    format === "nocloud" ? networkData(config) : interfaces(config);
  if (type === "network") return network;
  const instance = createHash("sha1")
    .update(`${userData(vmid, config)}${network}`)
    .digest("hex");
  return format === "nocloud"
    ? `instance-id: ${instance}\n`
    : `{\n     "uuid": "${instance}",\n     "network_config": { "content_path": "/content/0000" }\n}\n`;
}

function userData(vmid: number, config: Config): string {
  const name = String(config.name ?? `VM${vmid}`);
  const [hostname = name] = name.split(".");
  const fqdn =
    name.includes(".") || !config.searchdomain
      ? name
      : `${name}.${config.searchdomain}`;
  const { ciuser, cipassword, sshkeys, ciupgrade } = config;
  const sshKeys = decodeURIComponent(String(sshkeys ?? ""))
    .split("\n")
    .filter((line) => line.trim());
  return [
    "#cloud-config",
    `hostname: ${hostname}`,
    "manage_etc_hosts: true",
    `fqdn: ${fqdn}`,
    ...(ciuser === undefined ? [] : [`user: ${ciuser}`]),
    ...(ciuser === "root" ? ["disable_root: False"] : []),
    ...(cipassword === undefined ? [] : [`password: ${cipassword}`]),
    ...(sshkeys === undefined ? [] : ["ssh_authorized_keys:"]),
    ...sshKeys.map((line) => `  - ${line}`),
    "chpasswd:",
    "  expire: False",
    ...(ciuser === "root" ? [] : ["users:", "  - default"]),
    ...(ciupgrade === 0 ? [] : ["package_upgrade: true"]),
    "",
  ].join("\n");
}

/** The NICs with an address configuration: their number, MAC and addresses. */
function addressed(config: Config) {
  return Object.keys(config)
    .filter((key) => /^net\d+$/.test(key))
    .sort()
    .flatMap((key) => {
      const index = key.slice(3);
      const text = config[`ipconfig${index}`];
      if (text === undefined) return [];
      const addresses = parse(String(text), "");
      const none = !addresses.ip && !addresses.ip6;
      const { macaddr = "" } = parseNetwork(String(config[key]));
      return [
        {
          key,
          index,
          mac: macaddr,
          ...(none ? { ip: "dhcp", ip6: "dhcp" } : addresses),
        } as Record<string, string>,
      ];
    });
}

function networkData(config: Config): string {
  const lines = ["version: 1", "config:"];
  for (const nic of addressed(config)) {
    lines.push(
      "    - type: physical",
      `      name: eth${nic.index}`,
      `      mac_address: '${nic.mac?.toLowerCase()}'`,
      "      subnets:",
      ...subnet(nic.ip, nic.gw, "dhcp4"),
      ...(nic.ip6 === "auto"
        ? ["      - type: ipv6_slaac"]
        : subnet(nic.ip6, nic.gw6, "dhcp6")),
    );
  }
  const list = (name: string, text: string | number | undefined) =>
    text === undefined
      ? []
      : [
          `      ${name}:`,
          ...splitList(String(text)).map((item) => `      - '${item}'`),
        ];
  lines.push(
    "    - type: nameserver",
    ...list("address", config.nameserver),
    ...list("search", config.searchdomain),
  );
  return `${lines.join("\n")}\n`;
}

function subnet(
  address: string | undefined,
  gateway: string | undefined,
  dhcp: string,
): string[] {
  if (address === undefined) return [];
  if (address === "dhcp") return [`      - type: ${dhcp}`];
  const [ip = "", length = ""] = address.split("/");
  const isOld = ip.includes(".");
  return [
    `      - type: static${isOld ? "" : "6"}`,
    `        address: '${isOld ? ip : address}'`,
    ...(isOld ? [`        netmask: '${netmask(Number(length))}'`] : []),
    ...(gateway === undefined ? [] : [`        gateway: '${gateway}'`]),
  ];
}

function netmask(length: number): string {
  return [0, 8, 16, 24]
    .map((at) => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - at))))
    .join(".");
}

/** In the form of /etc/network/interfaces. */
function interfaces(config: Config): string {
  const lines = ["auto lo", "iface lo inet loopback", ""];
  if (config.nameserver)
    lines.push(`        dns_nameservers ${config.nameserver}`);
  if (config.searchdomain)
    lines.push(`        dns_search ${config.searchdomain}`);
  for (const { index, ip, gw, ip6, gw6 } of addressed(config)) {
    const name = `eth${index}`;
    lines.push(`auto ${name}`);
    for (const [family, address, gateway] of [
      ["inet", ip, gw],
      ["inet6", ip6, gw6],
    ]) {
      if (address === undefined) continue;
      const [host = "", length = ""] = address.split("/");
      if (length === "") {
        lines.push(`iface ${name} ${family} ${address}`);
        continue;
      }
      const mask = family === "inet" ? netmask(Number(length)) : length;
      lines.push(
        `iface ${name} ${family} static`,
        `        address ${host}`,
        `        netmask ${mask}`,
        ...(gateway === undefined ? [] : [`        gateway ${gateway}`]),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

export const cloudInitRoutes: Route[] = [
  { method: "GET", path: one, handle: differences },
  { method: "PUT", path: one, handle: rewrite },
  {
    method: "GET",
    path: `${one}/dump`,
    schema: { required: { type: oneOf("user", "network", "meta") } },
    handle: dump,
  },
];
