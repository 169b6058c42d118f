import { UserError } from "../../../dynamic/failure";
import type { Operation } from "../../../dynamic/kind";
import { type ProxmoxSession, path } from "../../client";
import { volumeOf } from "../../guests/config";
import { findSettledGuest, type Guest } from "../../guests/find";
import type { VirtualMachineInputs } from "../model";
import { awaitNode, awaitPower } from "./ha";
import { shutdown, stateOf } from "./power";

/** Migrates the guest to its node; one that the HA stack has moved stays there. */
export async function place(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  before: VirtualMachineInputs | undefined,
  { signal, tell }: Operation,
): Promise<void> {
  const { node } = inputs;
  if (guest.node === node) return;
  if (inputs.ha && before?.node === node) return;
  if (await needsShutdown(session, guest)) {
    if (inputs.reboot === "never") {
      throw new UserError(
        `guest ${guest.vmId} has a PCI device and so moves to node "${node}" only while it is stopped, and reboot is never. Stop it, or set reboot: ifPending`,
      );
    }
    tell(`guest ${guest.vmId} stops, to move with its PCI device`);
    await shutdown(session, guest, inputs);
    // The task of an HA guest's shutdown too is over when the request is noted.
    if (inputs.ha ?? before?.ha)
      await awaitPower(session, guest, "stopped", signal);
  }
  const online = (await stateOf(session, guest)) === "running";
  const how = online ? "while it runs" : "while it is stopped";
  tell(`guest ${guest.vmId} moves from ${guest.node} to ${node} ${how}`);
  const upid = await session.request<string>(
    "POST",
    path`/nodes/${guest.node}/qemu/${guest.vmId}/migrate`,
    {
      target: node,
      online: online || undefined,
      "with-local-disks": online || undefined,
      targetstorage: storageMap(guest, inputs),
    },
  );
  await session.task(upid, `migration of guest ${guest.vmId} to ${node}`);
  // The task of an HA guest is over when the request is noted.
  if (/:hamigrate:/.test(upid)) await awaitNode(session, guest, node, signal);
  const moved = await findSettledGuest(session, node, guest.vmId, signal);
  if (moved) Object.assign(guest, moved, { state: guest.state });
}

/** A guest with a passed-through device cannot move while it runs. */
async function needsShutdown(
  session: ProxmoxSession,
  guest: Guest,
): Promise<boolean> {
  const passes = Object.keys(guest.config).some((key) =>
    /^hostpci\d/.test(key),
  );
  return passes && (await stateOf(session, guest)) === "running";
}

/** "old:new" for storages that change with the node. */
function storageMap(
  { config }: Guest,
  { disks }: VirtualMachineInputs,
): string | undefined {
  const pairs = Object.entries(disks).flatMap(([slot, { storage }]) => {
    const current = volumeOf(config, slot)?.split(":")[0];
    return current ? [[current, storage] as const] : [];
  });
  const map = new Map(pairs);
  // One old storage to two new ones is no map: those disks move afterwards.
  const plain = pairs.every(([from, to]) => map.get(from) === to);
  const moves = pairs.some(([from, to]) => from !== to);
  if (!plain || !moves) return undefined;
  return [...map].map(([from, to]) => `${from}:${to}`).join(",");
}

/** Membership in a pool of guests, as the inputs say it now and said it before. */
export async function ensurePool(
  session: ProxmoxSession,
  { vmId }: Guest,
  { pool }: VirtualMachineInputs,
  before: VirtualMachineInputs | undefined,
): Promise<void> {
  if (pool === undefined && before?.pool === undefined) return;
  const current = (await session.findGuest(vmId, 0))?.pool;
  if (current === pool) return;
  if (pool !== undefined) {
    const move = { poolid: pool, vms: `${vmId}`, "allow-move": true };
    await session.request("PUT", "/pools", move);
  } else if (current === before?.pool) {
    const leave = { poolid: current, vms: `${vmId}`, delete: true };
    await session.request("PUT", "/pools", leave);
  }
}
