import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../dynamic/failure";
import { isAgentNotReady, type ProxmoxSession, path } from "../client";
import { text, volumeOf } from "../guests/config";
import { type Guest, readConfig } from "../guests/find";
import {
  agentOn,
  changesTo,
  diskSetting,
  newDisk,
  plainSettings,
  sizeOf,
} from "./config";

import { imageOf } from "./make";
import type { Disk, VirtualMachineInputs } from "./model";

/** PVE answers itself when the work is done within this time, else with a task. */
const backgroundDelaySeconds = 20;

/** Brings the configuration to the inputs; says whether anything was written. */
export async function configure(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  removed: Record<string, Disk>,
): Promise<boolean> {
  // What waits for a start keeps the size that its disk has when it is written.
  const grown = await grow(session, guest, inputs);
  const mark = { owner: inputs.owner, id: `${guest.vmId}` };
  const { set, unset } = changesTo(
    guest.config,
    plainSettings(inputs, mark, guest.config),
  );
  for (const [slot, disk] of Object.entries(inputs.disks)) {
    const current = text(guest.config, slot);
    if (current === undefined) {
      set[slot] = newDisk(disk, await imageOf(session, inputs, slot));
    } else {
      const wanted = { [slot]: diskSetting(disk, current) };
      Object.assign(set, changesTo(guest.config, wanted).set);
    }
  }
  const gone = Object.entries(removed).filter(([slot]) =>
    volumeOf(guest.config, slot),
  );
  for (const [slot, { onDestroy }] of gone) {
    if (onDestroy === "keep") unset.push(slot);
  }
  let changed = await write(session, guest, set, unset, false);
  const destroyed = gone.filter(([, disk]) => disk.onDestroy === "destroy");
  if (destroyed.length > 0) {
    const slots = destroyed.map(([slot]) => slot);
    changed = (await write(session, guest, {}, slots, true)) || changed;
  }
  return (await grow(session, guest, inputs)) || changed || grown;
}

/** `force` destroys the volumes of unset slots instead of keeping them unused. */
export async function write(
  session: ProxmoxSession,
  guest: Guest,
  set: Record<string, string | number>,
  unset: readonly string[],
  force: boolean,
): Promise<boolean> {
  if (Object.keys(set).length === 0 && unset.length === 0) return false;
  const { node, vmId } = guest;
  const upid = await session.request<string | null>(
    "POST",
    path`/nodes/${node}/qemu/${vmId}/config`,
    {
      ...set,
      delete: unset.length > 0 ? unset.join(",") : undefined,
      force: force || undefined,
      digest: text(guest.config, "digest"),
      background_delay: backgroundDelaySeconds,
    },
  );
  if (upid) await session.task(upid, `configuration of guest ${vmId}`);
  guest.config = (await readConfig(session, node, vmId)) ?? {};
  return true;
}

async function grow(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
): Promise<boolean> {
  let grown = false;
  for (const [slot, { size }] of Object.entries(inputs.disks)) {
    const actual = sizeOf(guest.config, slot);
    if (actual > size) {
      throw new UserError(
        `disk ${slot} is ${actual} GiB already, as its image is, and cannot shrink to ${size}. Give it at least ${Math.ceil(actual)} GiB`,
      );
    }
    // An absolute size: sent twice it changes nothing.
    if (!(actual < size)) continue;
    const upid = await machine(session, guest).resize.$put({
      disk: slot as "scsi0",
      size: `${size}G`,
    });
    if (upid) await session.task(upid, `resize of ${slot}`);
    grown = true;
  }
  if (grown) {
    guest.config =
      (await readConfig(session, guest.node, guest.vmId)) ?? guest.config;
  }
  return grown;
}

type State = "running" | "stopped";

export async function currentState(
  session: ProxmoxSession,
  guest: Guest,
): Promise<State> {
  const { status } = await machine(session, guest).status.current.$get();
  return status as State;
}

export async function act(
  session: ProxmoxSession,
  guest: Guest,
  action: "start" | "shutdown" | "reboot",
  params: { timeout?: number; forceStop?: boolean } = {},
): Promise<void> {
  const upid = await machine(session, guest).status[action].$post(params);
  await session.task(upid, `${action} of guest ${guest.vmId}`);
}

function machine({ api }: ProxmoxSession, { node, vmId }: Guest) {
  return api.nodes.$(node).qemu.$(vmId);
}

/** What a change of a running guest could not apply waits for its next start. */
export async function hasPending(
  session: ProxmoxSession,
  { node, vmId }: Guest,
): Promise<boolean> {
  const entries = await session.request<
    { key: string; pending?: unknown; delete?: number }[]
  >("GET", path`/nodes/${node}/qemu/${vmId}/pending`);
  return entries.some((entry) => entry.pending !== undefined || entry.delete);
}

interface AgentInterface {
  name: string;
  "ip-addresses"?: { "ip-address": string; "ip-address-type": string }[];
}

/** The guest's own addresses, or none when no agent answers. */
export async function agentAddresses(
  session: ProxmoxSession,
  { node, vmId, config }: Guest,
): Promise<string[]> {
  if (!agentOn(config)) return [];
  try {
    const { result } = await session.request<{ result: AgentInterface[] }>(
      "GET",
      path`/nodes/${node}/qemu/${vmId}/agent/network-get-interfaces`,
    );
    return result
      .filter(({ name }) => !/^(lo|docker|veth|br-|cni|flannel)/.test(name))
      .flatMap((nic) => nic["ip-addresses"] ?? [])
      .map((entry) => entry["ip-address"])
      .filter((address) => !/^(169\.254\.|fe80:)/i.test(address));
  } catch (error) {
    if (isAgentNotReady(error)) return [];
    throw error;
  }
}

const agentPollMs = 500;

/** Waits for the first answer after a start; none in time is no failure. */
export async function awaitAgent(
  session: ProxmoxSession,
  guest: Guest,
  seconds: number,
  signal: AbortSignal,
): Promise<string[]> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const addresses = await agentAddresses(session, guest);
    const over = Date.now() >= end || !agentOn(guest.config);
    if (addresses.length > 0 || over) return addresses;
    await sleep(agentPollMs, undefined, { signal });
  }
}
