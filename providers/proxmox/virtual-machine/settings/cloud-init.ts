import { type Config, text, volumeOf } from "../../guests/config";
import {
  formatProperties,
  mergeProperties,
  parseProperties,
} from "../../property-string";
import type { CloudInit } from "../model";
import { type Area, indexed } from "./area";

export const cloudInitSlot = "ide2";
/** The keys that the generated drive is made of. */
export const cloudInitKey =
  /^(ci\w+|sshkeys|nameserver|searchdomain|ipconfig\d+)$/;

export const cloudInitArea: Area = {
  write(inputs, config, before) {
    const { cloudInit } = inputs;
    const old = before?.cloudInit;
    if (cloudInit === undefined && old === undefined) return {};
    const settings: Config = {};
    if (cloudInit) settings[cloudInitSlot] = drive(cloudInit, config);
    else if (drives(config)) settings[cloudInitSlot] = undefined;
    const keys = { ...plain(cloudInit), ...snippets(cloudInit, old, config) };
    const oldKeys: Config = plain(old);
    for (const [key, value] of Object.entries(keys)) {
      if (value !== undefined || oldKeys[key] !== undefined) {
        settings[key] = value;
      }
    }
    // Only a hash can be read: sent when the inputs have another one than before.
    if (cloudInit?.password !== undefined) {
      const known = text(config, "cipassword") !== undefined;
      if (!known || old?.password !== cloudInit.password) {
        settings.cipassword = cloudInit.password;
      }
    } else if (old?.password !== undefined) settings.cipassword = undefined;
    const addresses = cloudInit?.addresses;
    const nics = addresses
      ? indexed(config, "ipconfig", rename(addresses))
      : Object.keys(rename(old?.addresses ?? {}));
    for (const key of nics) {
      const address = addresses?.[key.replace("ipconfig", "net")];
      settings[key] =
        address &&
        formatProperties({
          ip: address.ipv4,
          gw: address.gateway,
          ip6: address.ipv6,
          gw6: address.gateway6,
        });
    }
    return settings;
  },

  read({ cloudInit: wanted }, config) {
    if (wanted === undefined) return {};
    if (!drives(config)) return { cloudInit: undefined };
    const keys = text(config, "sshkeys");
    const custom = parseProperties(text(config, "cicustom") ?? "", "");
    const servers = text(config, "nameserver");
    return {
      cloudInit: {
        storage: volumeOf(config, cloudInitSlot)?.split(":")[0] ?? "",
        type: wanted.type && (text(config, "citype") as CloudInit["type"]),
        user: wanted.user && text(config, "ciuser"),
        password: config.cipassword === undefined ? undefined : wanted.password,
        sshKeys: wanted.sshKeys && (keys ? decodeKeys(keys) : []),
        nameservers: wanted.nameservers && (servers?.split(/[ ,;]+/) ?? []),
        searchDomain: wanted.searchDomain && text(config, "searchdomain"),
        // PVE upgrades unless told not to.
        upgrade:
          wanted.upgrade === undefined ? undefined : config.ciupgrade !== 0,
        addresses: wanted.addresses && addressesOf(config),
        vendorData: wanted.vendorData && custom.vendor,
        userData: wanted.userData && custom.user,
        networkData: wanted.networkData && custom.network,
        metaData: wanted.metaData && custom.meta,
      },
    };
  },
};

function drives(config: Config): boolean {
  return volumeOf(config, cloudInitSlot)?.includes("cloudinit") ?? false;
}

/** A drive that is there stays; on another storage it is generated anew. */
function drive({ storage }: CloudInit, config: Config) {
  const volume = volumeOf(config, cloudInitSlot);
  const stays = drives(config) && volume?.startsWith(`${storage}:`);
  return stays ? text(config, cloudInitSlot) : `${storage}:cloudinit`;
}

function plain(cloudInit: CloudInit | undefined): Config {
  const { upgrade, sshKeys } = cloudInit ?? {};
  return {
    citype: cloudInit?.type,
    ciuser: cloudInit?.user,
    ciupgrade: upgrade === undefined ? undefined : Number(upgrade),
    // PVE takes no empty list: none is none.
    sshkeys: sshKeys?.length ? encodeKeys(sshKeys) : undefined,
    nameserver: cloudInit?.nameservers?.join(" ") || undefined,
    searchdomain: cloudInit?.searchDomain,
  };
}

function snippets(
  wanted: CloudInit | undefined,
  before: CloudInit | undefined,
  config: Config,
): Config {
  const of = (inputs: CloudInit | undefined) => ({
    vendor: inputs?.vendorData,
    user: inputs?.userData,
    network: inputs?.networkData,
    meta: inputs?.metaData,
  });
  const current = parseProperties(text(config, "cicustom") ?? "", "");
  const merged = mergeProperties(current, of(wanted), of(before));
  const value = formatProperties(merged);
  if (value === (text(config, "cicustom") ?? "")) return {};
  return { cicustom: value || undefined };
}

function addressesOf(config: Config): CloudInit["addresses"] {
  return Object.fromEntries(
    indexed(config, "ipconfig").map((key) => {
      const { ip, gw, ip6, gw6 } = parseProperties(
        text(config, key) ?? "",
        "ip",
      );
      return [
        key.replace("ipconfig", "net"),
        { ipv4: ip, gateway: gw, ipv6: ip6, gateway6: gw6 },
      ];
    }),
  );
}

function rename(addresses: object): object {
  return Object.fromEntries(
    Object.entries(addresses).map(([nic, value]) => [
      nic.replace("net", "ipconfig"),
      value,
    ]),
  );
}

/** PVE wants the keys percent-encoded before the form's own encoding. */
function encodeKeys(keys: string[]): string {
  return encodeURIComponent(keys.join("\n"));
}

export function decodeKeys(value: string): string[] {
  return decodeURIComponent(value).trim().split("\n");
}
