import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation, Refusal } from "../../dynamic/kind";
import { formatMark } from "../../dynamic/owner";
import type { ProxmoxSession } from "../client";
import { connect } from "../connection";
import { text } from "../guests/config";
import { destroyGuest } from "../guests/destroy";
import {
  belongsTo,
  findGuest,
  findSettledGuest,
  type Guest,
} from "../guests/find";
import { settle } from "../settle";
import { diskSlots, inputsFrom } from "./config";
import {
  act,
  agentAddresses,
  awaitAgent,
  configure,
  currentState,
  hasPending,
  write,
} from "./converge";
import { obtain } from "./make";
import {
  type Disk,
  parse,
  schema,
  type VirtualMachineInputs,
  type VirtualMachineOutputs,
} from "./model";

const agentWaitSeconds = 60;
/** How long a guest may take to shut down before PVE cuts its power. */
const shutdownSeconds = 60;

/** Changes that mean another guest: PVE has no path for them in place. */
const identity = ["host", "node", "source", "vmId"] as const;

const kind: Kind<VirtualMachineInputs, VirtualMachineOutputs> = {
  token: "proxmox:VirtualMachine",
  schema,
  parse,
  timeouts: { create: 900, read: 60, update: 900, delete: 300 },
  impacts: {
    owner: "none",
    host: "data",
    node: "data",
    name: "none",
    description: "none",
    vmId: "data",
    source: "data",
    cores: "restart",
    memory: "restart",
    cpuType: "restart",
    disks: "restart",
    nics: "reload",
    cloudInit: "restart",
    tags: "none",
    onBoot: "none",
    agent: "restart",
    power: "outage",
    adopt: "none",
    timeouts: "none",
  },

  refuse(olds, news) {
    return [...refuseDisks(olds, news), ...refuseIdentity(olds, news)];
  },

  replaces(olds, news, changed) {
    return identity.filter(
      (key) =>
        changed.includes(key) &&
        (key !== "vmId" || !allows(news.vmId, olds.vmNumber)),
    );
  },

  async create(inputs, operation) {
    const session = connect(operation, inputs.host);
    const { signal } = operation;
    const guest = await settle(signal, () => obtain(session, inputs, signal));
    const id = `${guest.vmId}`;
    operation.exists(id, { vmNumber: guest.vmId, addresses: [] });
    const outputs = await converge(session, guest, inputs, {}, operation);
    return { id, outputs };
  },

  async read(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const guest = await findGuest(session, inputs.node, Number(id));
    if (!guest || !isOurs(guest, inputs)) return undefined;
    const listed = await session.findGuest(guest.vmId);
    const running = listed?.status === "running";
    return {
      inputs: inputsFrom(inputs, guest.config, running),
      outputs: {
        vmNumber: guest.vmId,
        addresses: running ? await agentAddresses(session, guest) : [],
      },
    };
  },

  async update(id, olds, news, operation) {
    const session = connect(operation, news.host);
    const guest = await findGuest(session, news.node, Number(id));
    if (!guest || !isOurs(guest, olds)) {
      throw new UserError(
        `guest ${id} is no longer on host "${news.host}". Run "pulumi refresh" to record that, then "pulumi up" to make it again.`,
      );
    }
    const removed = Object.fromEntries(
      Object.entries(olds.disks).filter(([slot]) => !(slot in news.disks)),
    );
    return converge(session, guest, news, removed, operation);
  },

  async delete(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    await settle(operation.signal, async () => {
      const guest = await findSettledGuest(
        session,
        inputs.node,
        Number(id),
        operation.signal,
      );
      if (!guest || !isOurs(guest, inputs)) return;
      if (guest.mark === undefined) {
        throw new UserError(
          `guest ${id} on host "${inputs.host}" has its name, but its notes no longer carry this site's mark, so it may be another's. Run "pulumi up" to mark it again if it is yours, then destroy`,
        );
      }
      await remove(session, guest, inputs);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

async function converge(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  removed: Record<string, Disk>,
  { signal }: Operation,
): Promise<VirtualMachineOutputs> {
  const changed = await settle(signal, async () => {
    const found = await findAgain(session, guest, inputs);
    return configure(session, found, inputs, removed);
  });
  const started = await settle(signal, () =>
    power(session, guest, inputs, changed),
  );
  const addresses = started
    ? await awaitAgent(
        session,
        guest,
        inputs.timeouts?.agent ?? agentWaitSeconds,
        signal,
      )
    : await agentAddresses(session, guest);
  return { vmNumber: guest.vmId, addresses };
}

const fresh = new WeakSet<Guest>();

/** The first step works on what was just read, a repeated one reads anew. */
async function findAgain(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
): Promise<Guest> {
  if (!fresh.has(guest)) {
    fresh.add(guest);
    return guest;
  }
  const found = await findGuest(session, guest.node, guest.vmId);
  if (found === undefined) {
    throw new UserError(
      `guest ${guest.vmId} went away while it was configured on host "${inputs.host}". Run "pulumi up" again.`,
    );
  }
  return Object.assign(guest, found);
}

/** Says whether the guest was started (anew). */
async function power(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  changed: boolean,
): Promise<boolean> {
  const state = await currentState(session, guest);
  if (inputs.power === "stopped") {
    if (state === "running") await shutdown(session, guest);
    return false;
  }
  if (state === "stopped") {
    await act(session, guest, "start");
    return true;
  }
  // What could not be plugged in at run time: a restart is what `impacts` said.
  if (!changed || !(await hasPending(session, guest))) return false;
  await act(session, guest, "reboot", { timeout: shutdownSeconds });
  return true;
}

function shutdown(session: ProxmoxSession, guest: Guest): Promise<void> {
  const params = { timeout: shutdownSeconds, forceStop: true };
  return act(session, guest, "shutdown", params);
}

/**
 * Deletes the guest. With disks to keep it leaves a stopped guest under the
 * same id that holds just those: their volumes carry that id in their names,
 * and the next creation of the same owner takes them up again.
 */
async function remove(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
): Promise<void> {
  if ((await currentState(session, guest)) === "running") {
    await shutdown(session, guest);
  }
  const slots = diskSlots(guest.config);
  // A disk that somebody attached by hand is not ours to destroy either.
  const doomed = slots.filter(
    (slot) => inputs.disks[slot]?.onDestroy === "destroy",
  );
  const unused = Object.keys(guest.config).some((key) => /^unused\d/.test(key));
  if (doomed.length < slots.length || unused) {
    const { vmId } = guest;
    const mark = formatMark({ owner: inputs.owner, id: `${vmId}` });
    const set = { name: `kept-${inputs.name}`, description: mark, onboot: 0 };
    if (text(guest.config, "name") !== set.name) {
      await write(session, guest, set, [], false);
    }
    const left = doomed.filter((slot) => text(guest.config, slot));
    await write(session, guest, {}, left, true);
    return;
  }
  await destroyGuest(session, guest);
}

/**
 * A guest of another owner, or of another name without a mark, only has the id
 * of one that is gone.
 */
function isOurs(guest: Guest, { owner, name }: VirtualMachineInputs): boolean {
  if (belongsTo(guest, owner)) return true;
  return guest.mark === undefined && text(guest.config, "name") === name;
}

function allows(vmId: VirtualMachineInputs["vmId"], actual: number): boolean {
  return typeof vmId !== "number" || vmId === actual;
}

function refuseDisks(
  olds: VirtualMachineInputs,
  news: VirtualMachineInputs,
): Refusal[] {
  return Object.entries(news.disks).flatMap(([slot, disk]) => {
    const before = olds.disks[slot];
    if (before === undefined) return [];
    const property = `disks.${slot}`;
    const refusals: Refusal[] = [];
    if (disk.size < before.size) {
      refusals.push({
        property: `${property}.size`,
        reason: `cannot shrink from ${before.size} to ${disk.size} GiB. Keep the size, or make a new disk in another slot and copy the data`,
      });
    }
    if (disk.storage !== before.storage) {
      refusals.push({
        property: `${property}.storage`,
        reason: `cannot move from "${before.storage}" to "${disk.storage}". Move it on the host (Disk Action > Move Storage), then change the manifest`,
      });
    }
    return refusals;
  });
}

function refuseIdentity(
  olds: VirtualMachineInputs,
  news: VirtualMachineInputs,
): Refusal[] {
  const kept = Object.entries(olds.disks).filter(
    ([, disk]) => disk.onDestroy === "keep",
  );
  if (kept.length === 0) return [];
  const slots = kept.map(([slot]) => slot).join(", ");
  return identity
    .filter((key) => key !== "vmId" && !sameInput(olds[key], news[key]))
    .map((property) => ({
      property,
      reason: `cannot change: it would make another guest, and ${slots} of this one is marked keep. Restore the value, or move the data first`,
    }));
}

function sameInput(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
