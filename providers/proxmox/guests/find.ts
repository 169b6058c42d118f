import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Mark, parseMark } from "../../dynamic/owner";
import { isGuestMissing, type ProxmoxSession, path } from "../client";
import { type Config, text } from "./config";

/** An id, or the range in which the owner's hash picks one. */
export type VmIdChoice = number | { from: number; to: number };

export type PowerState = "running" | "stopped";

export interface Guest {
  node: string;
  vmId: number;
  config: Config;
  mark: Mark | undefined;
  /** As far as it is known. */
  state?: PowerState;
  /** The configuration is what a clone must have, not yet read: it names no volumes. */
  assumed?: boolean;
}

/** What waits for a guest's next start: another value, or 1 to be taken away. */
export interface PendingEntry {
  key: string;
  value?: string | number;
  pending?: string | number;
  delete?: number;
}

/** `delete` of a drive whose volume goes with it, because somebody forced that. */
const withItsVolume = 2;
const lockPollMs = 500;
/** What is in flight ends, or its node has crashed and only root can unlock it. */
const lockedStates = /^(clone|create|migrate)$/;

export async function readConfig(
  session: ProxmoxSession,
  node: string,
  vmId: number,
): Promise<Config | undefined> {
  try {
    return await session.request<Config>(
      "GET",
      path`/nodes/${node}/qemu/${vmId}/config`,
    );
  } catch (error) {
    if (isGuestMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The same with what waits for the guest's next start: a drive that waits to
 * be detached, which `config` no longer shows, is the guest's until then.
 */
export async function readWhole(
  session: ProxmoxSession,
  node: string,
  vmId: number,
): Promise<Config | undefined> {
  try {
    const entries = await session.request<PendingEntry[]>(
      "GET",
      path`/nodes/${node}/qemu/${vmId}/pending`,
    );
    return Object.fromEntries(
      entries
        .filter((entry) => entry.delete !== withItsVolume)
        .map(({ key, value, pending }) => [key, value ?? pending]),
    ) as Config;
  } catch (error) {
    if (isGuestMissing(error)) return undefined;
    throw error;
  }
}

/** The guest with this id on `node`, or wherever in the cluster it has moved to. */
export async function findGuest(
  session: ProxmoxSession,
  node: string,
  vmId: number,
  read = readConfig,
): Promise<Guest | undefined> {
  const here = await read(session, node, vmId);
  if (here) return guest(node, vmId, here);
  const moved = await session.findGuest(vmId, 0);
  if (moved?.node === undefined || moved.node === node) return undefined;
  const there = await read(session, moved.node, vmId);
  return there && guest(moved.node, vmId, there);
}

/**
 * The same, once nobody is making it any more: a clone has no name and no mark
 * before its first disk is copied (qemu-server API2/Qemu.pm, "qmclone
 * temporary file"), so only its end tells whose it is.
 */
export async function findSettledGuest(
  session: ProxmoxSession,
  node: string,
  vmId: number,
  signal: AbortSignal,
  read = readConfig,
  /** Of one that is another's already its end is not awaited. */
  isForeign: (found: Guest) => boolean = () => false,
): Promise<Guest | undefined> {
  for (;;) {
    const found = await findGuest(session, node, vmId, read);
    const lock: string | undefined = found && text(found.config, "lock");
    if (lock === undefined || !lockedStates.test(lock)) return found;
    if (found && isForeign(found)) return found;
    try {
      await sleep(lockPollMs, undefined, { signal });
    } catch {
      const why = (signal.reason as Error).message;
      throw new Error(
        `guest ${vmId} on node "${node}" stays locked (${lock}): ${why}. If no task runs on it, unlock it on the node: qm unlock ${vmId}`,
      );
    }
  }
}

/** Whether the guest is `owner`'s: a copy carries the mark of its source's id. */
export function belongsTo(found: Guest, owner: string): boolean {
  return found.mark?.owner === owner && found.mark.id === `${found.vmId}`;
}

/**
 * The ids in which a guest of this owner is looked for and made, always in the
 * same order, so that one whose creation was cut short is found again.
 */
export function* candidates(
  owner: string,
  vmId: VmIdChoice,
): Generator<number> {
  if (typeof vmId === "number") {
    yield vmId;
    return;
  }
  const count = vmId.to - vmId.from + 1;
  const start = createHash("sha256").update(owner).digest().readUInt32BE();
  for (let step = 0; step < count; step++) {
    yield vmId.from + ((start + step) % count);
  }
}

function guest(node: string, vmId: number, config: Config): Guest {
  return { node, vmId, config, mark: parseMark(text(config, "description")) };
}
