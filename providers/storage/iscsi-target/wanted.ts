import { createHash } from "node:crypto";
import { adoptedSuffix } from "../../dynamic/owner";
import type { Credential, IscsiTargetInputs } from "./model";

/** A block backstore. */
export interface StorageObject {
  name: string;
  dev: string;
  wwn: string;
  readonly: boolean;
}

export interface Acl {
  iqn: string;
  /** False: this one is asked nothing, whatever its target asks of the others. */
  authentication: boolean;
  mapped: { index: number; tpgLun: number; writeProtect: boolean }[];
  /** As the kernel names them; one that is left out is not set. */
  auth: Partial<Record<AuthKey, string>>;
}

export const authKeys = [
  "userid",
  "password",
  "userid_mutual",
  "password_mutual",
] as const;
export type AuthKey = (typeof authKeys)[number];

/** A target with what it serves, as it is or as it is to be. */
export interface Target {
  iqn: string;
  /** Where whose it is is written; initiators may see it. */
  alias: string;
  enable: boolean;
  authentication: boolean;
  /** Lets in whoever comes. */
  generatesAcls: boolean;
  portals: { address: string; port: number }[];
  luns: { index: number; object: string }[];
  acls: Acl[];
  /** Of its LUNs. */
  objects: StorageObject[];
}

const devices = "/dev/zvol/";

export const deviceOf = (volume: string) => `${devices}${volume}`;

export function volumeOf(dev: string): string {
  return dev.startsWith(devices) ? dev.slice(devices.length) : dev;
}

/** Different for volumes that differ in a slash and a hyphen only. */
export function objectName(volume: string): string {
  return volume.replaceAll("-", "--").replaceAll("/", "-");
}

/** The same again for a volume of a target, whenever the backstore is made. */
export function serialOf(iqn: string, volume: string): string {
  const hash = createHash("sha256").update(`iscsi ${iqn} ${volume}`);
  return hash
    .digest("hex")
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * What is to be. Of a target that stood there before, backstores keep their
 * names, and their serials where none is declared.
 */
export function wantedOf(
  inputs: IscsiTargetInputs,
  adopted: boolean,
  live?: Target,
): Target {
  const { iqn, owner, portals, luns, initiators, credentials } = inputs;
  const standing = (index: number, dev: string) => {
    const lun = live?.luns.find((item) => item.index === index);
    const object = live?.objects.find(({ name }) => name === lun?.object);
    return adopted && object?.dev === dev ? object : undefined;
  };
  const served = luns.map(({ lun, volume, serial }) => {
    const dev = deviceOf(volume);
    const known = standing(lun, dev);
    const name = known?.name ?? objectName(volume);
    const wwn = serial ?? known?.wwn ?? serialOf(iqn, volume);
    return { index: lun, object: { name, dev, wwn, readonly: false } };
  });
  return {
    iqn,
    alias: `${owner}${adopted ? adoptedSuffix : ""}`,
    enable: true,
    authentication: true,
    generatesAcls: false,
    portals: portals.map(({ address, port = 3260 }) => ({ address, port })),
    luns: served.map(({ index, object }) => ({ index, object: object.name })),
    objects: served.map(({ object }) => object),
    acls: initiators.map((item) => ({
      iqn: item.iqn,
      authentication: true,
      mapped: (item.luns ?? luns.map(({ lun }) => lun)).map((index) => ({
        index,
        tpgLun: index,
        writeProtect: item.access === "ro",
      })),
      auth: authOf(credentials[item.iqn]),
    })),
  };
}

export function authOf(credential: Credential | undefined): Acl["auth"] {
  if (credential === undefined) return {};
  const { username, password, mutual } = credential;
  return {
    userid: username,
    password,
    ...(mutual && {
      userid_mutual: mutual.username,
      password_mutual: mutual.password,
    }),
  };
}
