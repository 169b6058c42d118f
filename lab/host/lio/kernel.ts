import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { HostWorld } from "../world";
import {
  aclAttributes,
  objectAttributes,
  portalGroupAttributes,
  portalGroupParameters,
  type Values,
} from "./defaults";

/** A block backstore. */
export interface StorageObject {
  name: string;
  dev: string;
  wwn: string;
  readonly: boolean;
  attributes: Values;
}

export interface Lun {
  index: number;
  /** Of the storage object. */
  object: string;
  alias: string;
}

export interface MappedLun {
  index: number;
  tpgLun: number;
  writeProtect: boolean;
  alias: string;
}

export interface NodeAcl {
  wwn: string;
  attributes: Values;
  mappedLuns: MappedLun[];
}

export interface Portal {
  /** One of IPv6 in brackets. */
  address: string;
  port: number;
}

export interface PortalGroup {
  tag: number;
  enable: boolean;
  attributes: Values;
  parameters: Values;
  luns: Lun[];
  portals: Portal[];
  acls: NodeAcl[];
}

export interface Target {
  wwn: string;
  groups: PortalGroup[];
}

export interface Session {
  id: number;
  target: string;
  tag: number;
  initiator: string;
  address: string;
}

/** What the kernel serves; gone with the power. */
export interface Kernel {
  objects: StorageObject[];
  targets: Target[];
  sessions: Session[];
  sessionIds: number;
}

const part = "lio";

export function kernelOf(world: HostWorld): Kernel {
  return world.load<Kernel>(part, {
    objects: [],
    targets: [],
    sessions: [],
    sessionIds: 0,
  });
}

export function saveKernel(world: HostWorld, kernel: Kernel): void {
  world.save(part, kernel);
}

export const root = "/sys/kernel/config/target";

/** The power was gone. */
export function emptyKernel(world: HostWorld): void {
  rmSync(world.path(root), { recursive: true, force: true });
  saveKernel(world, { objects: [], targets: [], sessions: [], sessionIds: 0 });
}

/** Whether the kernel holds a block device open. */
export function isBackstore(world: HostWorld, dev: string): boolean {
  return kernelOf(world).objects.some((object) => object.dev === dev);
}

export function newObject(
  fields: Pick<StorageObject, "name" | "dev" | "wwn" | "readonly">,
): StorageObject {
  return { ...fields, attributes: { ...objectAttributes } };
}

export function newPortalGroup(tag: number): PortalGroup {
  return {
    tag,
    enable: false,
    attributes: { ...portalGroupAttributes },
    parameters: { ...portalGroupParameters },
    luns: [],
    portals: [],
    acls: [],
  };
}

export function newAlias(): string {
  return [...crypto.getRandomValues(new Uint8Array(5))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

const credentials = {
  chap_userid: "userid",
  chap_password: "password",
  chap_mutual_userid: "userid_mutual",
  chap_mutual_password: "password_mutual",
} as const;

export type Credential = keyof typeof credentials;
export const credentialKeys = Object.keys(credentials) as Credential[];

export function aclFolder(target: string, tag: number, wwn: string): string {
  return `${root}/iscsi/${target}/tpgt_${tag}/acls/${wwn}`;
}

/** An ACL comes with its files, which others than the tool read and write. */
export function addAcl(
  world: HostWorld,
  target: string,
  { tag, acls }: PortalGroup,
  wwn: string,
): NodeAcl {
  const acl = { wwn, attributes: { ...aclAttributes }, mappedLuns: [] };
  acls.push(acl);
  const folder = aclFolder(target, tag, wwn);
  mkdirSync(world.path(`${folder}/auth`), { recursive: true, mode: 0o755 });
  for (const file of Object.values(credentials))
    writeFileSync(world.path(`${folder}/auth/${file}`), "", { mode: 0o600 });
  showSession(world, target, tag, wwn, undefined);
  return acl;
}

export function removeAcl(
  world: HostWorld,
  kernel: Kernel,
  target: string,
  group: PortalGroup,
  wwn: string,
): void {
  group.acls = group.acls.filter((acl) => acl.wwn !== wwn);
  // Without a word to the initiator, which keeps a dead disk.
  kernel.sessions = kernel.sessions.filter(
    (item) => item.target !== target || item.initiator !== wwn,
  );
  rmSync(world.path(aclFolder(target, group.tag, wwn)), {
    recursive: true,
    force: true,
  });
}

/** As the kernel keeps them: "NULL" is none. */
export function credentialOf(
  world: HostWorld,
  target: string,
  tag: number,
  wwn: string,
  key: Credential,
): string {
  const file = `${aclFolder(target, tag, wwn)}/auth/${credentials[key]}`;
  const text = readFileSync(world.path(file), "utf8").trim();
  return text.startsWith("NULL") ? "" : text;
}

export function setCredential(
  world: HostWorld,
  target: string,
  tag: number,
  wwn: string,
  key: Credential,
  value: string,
): void {
  const file = `${aclFolder(target, tag, wwn)}/auth/${credentials[key]}`;
  writeFileSync(world.path(file), value === "" ? "NULL" : value);
}

export function showSession(
  world: HostWorld,
  target: string,
  tag: number,
  wwn: string,
  session: Session | undefined,
): void {
  const text =
    session === undefined
      ? `No active iSCSI Session for Initiator Endpoint: ${wwn}\n`
      : `InitiatorName: ${wwn}
InitiatorAlias: ${wwn.split(":").at(-1)}
LIO Session ID: ${session.id}   ISID: 0x00 02 3d 00 00 02  TSIH: ${session.id}  SessionType: Normal
Session State: TARG_SESS_STATE_LOGGED_IN
---------------------[iSCSI Session Values]-----------------------
  CmdSN/WR  :  CmdSN/WC  :  ExpCmdSN  :  MaxCmdSN  :     ITT    :     TTT
 0x00000040   0x00000040   0x000000e2   0x00000121   0x00000069   0x000000df
----------------------[iSCSI Connections]-------------------------
CID: 0  Connection State: TARG_CONN_STATE_LOGGED_IN
   Address ${session.address} TCP  StatSN: 0x6916c3e9
`;
  world.put(`${aclFolder(target, tag, wwn)}/info`, text);
}
