import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isEnabled } from "../coreutils/systemd";
import type { HostWorld } from "../world";
import {
  credentialOf,
  emptyKernel,
  kernelOf,
  saveKernel,
  showSession,
} from "./kernel";
import { Failure } from "./line";
import { clearKernel, restore } from "./restore";
import { readSaved, savedFile } from "./saved";

export const unit = "rtslib-fb-targetctl.service";

/** What the unit's start does; what could not be restored is no failure of it. */
export function startTargets(
  world: HostWorld,
  open?: (dev: string) => void,
): void {
  try {
    const saved = readSaved(world, savedFile);
    if (saved) restore(world, saved, open);
  } catch (error) {
    if (error instanceof Failure || error instanceof SyntaxError) return;
    throw error;
  }
}

export const stopTargets = clearKernel;

/**
 * At boot, before the pools are there. The unit has no order after them of its
 * own: without one it is as fast as it can be, and finds no volume.
 */
export function bootTargets(world: HostWorld): void {
  emptyKernel(world);
  if (!isEnabled(world, unit) || waitsForVolumes(world)) return;
  startTargets(world, (dev) => {
    throw new Failure(`Device ${dev} is not a TYPE_DISK block device`);
  });
}

function waitsForVolumes(world: HostWorld): boolean {
  const folder = world.path(`/etc/systemd/system/${unit}.d`);
  if (!existsSync(folder)) return false;
  return readdirSync(folder)
    .filter((name) => name.endsWith(".conf"))
    .some((name) =>
      /^After=(.* )?zfs-(volumes\.target|volume-wait\.service)\b/m.test(
        readFileSync(`${folder}/${name}`, "utf8"),
      ),
    );
}

export interface Login {
  target: string;
  initiator: string;
  /** Where the initiator connects to. */
  portal: string;
  /** Its own address. */
  from: string;
  username?: string;
  password?: string;
}

/** Logs an initiator in; answers the LUNs that it sees, or why it is refused. */
export function logIn(world: HostWorld, login: Login): number[] | string {
  const { target, initiator, portal, from, username, password } = login;
  const kernel = kernelOf(world);
  const groups = kernel.targets.find(({ wwn }) => wwn === target)?.groups ?? [];
  const group = groups.find(
    ({ enable, portals }) =>
      enable && portals.some((item) => listens(item, portal)),
  );
  if (group === undefined) return "connection refused";
  const acl = group.acls.find(({ wwn }) => wwn === initiator);
  if (acl === undefined) return "authorization failure";
  const own = Number(acl.attributes.authentication ?? -1);
  const asked = own === -1 ? Number(group.attributes.authentication) : own;
  if (asked === 1) {
    const [user, secret] = (["chap_userid", "chap_password"] as const).map(
      (key) => credentialOf(world, target, group.tag, initiator, key),
    );
    if (!user || !secret || user !== username || secret !== password)
      return "authorization failure";
  }
  const isIn = kernel.sessions.some(
    (item) => item.target === target && item.initiator === initiator,
  );
  if (!isIn) {
    const id = kernel.sessionIds + 1;
    const { tag } = group;
    const session = { id, target, tag, initiator, address: from };
    kernel.sessions.push(session);
    kernel.sessionIds = id;
    saveKernel(world, kernel);
    showSession(world, target, tag, initiator, session);
  }
  return acl.mappedLuns.map(({ index }) => index).sort((a, b) => a - b);
}

export function logOut(
  world: HostWorld,
  target: string,
  initiator: string,
): void {
  const kernel = kernelOf(world);
  const isMeant = (item: { target: string; initiator: string }) =>
    item.target === target && item.initiator === initiator;
  const session = kernel.sessions.find(isMeant);
  kernel.sessions = kernel.sessions.filter((item) => !isMeant(item));
  saveKernel(world, kernel);
  if (session) showSession(world, target, session.tag, initiator, undefined);
}

/** Targets that answer a discovery at an address. */
export function discovered(world: HostWorld, portal: string): string[] {
  return kernelOf(world)
    .targets.filter(({ groups }) =>
      groups.some(
        ({ enable, portals }) =>
          enable && portals.some((item) => listens(item, portal)),
      ),
    )
    .map(({ wwn }) => wwn);
}

function listens(
  { address, port }: { address: string; port: number },
  portal: string,
): boolean {
  const [, host = portal, asked = "3260"] =
    /^(\[.*\]|[^:]+)(?::(\d+))?$/.exec(portal) ?? [];
  const isAny = address === "0.0.0.0" || address === "[::0]";
  return port === Number(asked) && (isAny || address === host);
}
