import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../dynamic/failure";
import type { Operation } from "../../../dynamic/kind";
import { type ProxmoxSession, path, TaskError } from "../../client";
import type { Guest, PowerState } from "../../guests/find";
import { diskSlots } from "../disks/plan";
import type { VirtualMachineInputs } from "../model";
import { settingsOf } from "../settings";
import { cloudInitKey } from "../settings/cloud-init";
import type { Written } from "./configure";
import { awaitPower } from "./ha";

const pollMs = 250;
/** How long a guest may take to shut down before PVE cuts its power. */
const shutdownSeconds = 60;

export interface Powered {
  /** Started, or started anew. */
  started: boolean;
  /** What waits for the next start. */
  pending: string[];
}

/** Brings power to the inputs, and restarts the guest where that is due and allowed. */
export async function power(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  before: VirtualMachineInputs | undefined,
  written: Written,
  { signal, tell }: Operation,
): Promise<Powered> {
  const state = await stateOf(session, guest);
  const none = { started: false, pending: [] };
  if (inputs.ha && state !== inputs.power) {
    await awaitPower(session, guest, inputs.power, signal);
    return { started: inputs.power === "running", pending: [] };
  }
  if (inputs.power === "stopped") {
    if (state === "running") await shutdown(session, guest, inputs);
    return none;
  }
  if (state === "stopped") {
    await act(session, guest, "start");
    guest.state = "running";
    return { started: true, pending: [] };
  }
  // Made in this operation, it has run with nothing else.
  const pending = await pendingKeys(session, guest, inputs, before);
  if (written.some((key) => cloudInitKey.test(key))) pending.push("cloud-init");
  const due = {
    never: false,
    ifPending: pending.length > 0,
    always: pending.length + written.length > 0,
  }[inputs.reboot];
  const names = pending.join(", ");
  if (!due) {
    if (names)
      tell(`${names}: waits for the next start of guest ${guest.vmId}`);
    return { started: false, pending };
  }
  tell(`guest ${guest.vmId} restarts${names && ` for ${names}`}`);
  await reboot(session, guest, inputs, pending, signal);
  return { started: true, pending: [] };
}

export async function stateOf(
  session: ProxmoxSession,
  guest: Guest,
): Promise<PowerState> {
  if (guest.state) return guest.state;
  const { status } = await machine(session, guest).status.current.$get();
  guest.state = status as PowerState;
  return guest.state;
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

/** PVE cuts the power of a guest that does not react in time. */
export async function shutdown(
  session: ProxmoxSession,
  guest: Guest,
  { timeouts }: VirtualMachineInputs,
): Promise<void> {
  const timeout = timeouts?.shutdown ?? shutdownSeconds;
  await act(session, guest, "shutdown", { timeout, forceStop: true });
  guest.state = "stopped";
}

async function reboot(
  session: ProxmoxSession,
  guest: Guest,
  { timeouts }: VirtualMachineInputs,
  pending: string[],
  signal: AbortSignal,
): Promise<void> {
  const timeout = timeouts?.shutdown ?? shutdownSeconds;
  try {
    await act(session, guest, "reboot", { timeout });
    await awaitRunning(session, guest, timeout, signal);
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    const what = pending.join(", ") || "its changes";
    throw new UserError(
      `${error.message} The guest must restart for ${what}: restart it by hand, or set reboot: never`,
      { cause: error },
    );
  }
}

/** The task of a reboot ends with the shutdown; the start is one of its own, after it. */
async function awaitRunning(
  session: ProxmoxSession,
  guest: Guest,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    guest.state = undefined;
    if ((await stateOf(session, guest)) === "running") return;
    if (Date.now() > end) return act(session, guest, "start");
    await sleep(pollMs, undefined, { signal });
  }
}

/** Of what waits for the guest's next start, what the inputs decide. */
async function pendingKeys(
  session: ProxmoxSession,
  { node, vmId, config }: Guest,
  inputs: VirtualMachineInputs,
  before: VirtualMachineInputs | undefined,
): Promise<string[]> {
  const entries = await session.request<
    { key: string; pending?: unknown; delete?: number }[]
  >("GET", path`/nodes/${node}/qemu/${vmId}/pending`);
  const ours = new Set([
    ...Object.keys(settingsOf(inputs, config, before, vmId)),
    ...Object.keys({ ...before?.disks, ...inputs.disks }),
    ...diskSlots(config),
  ]);
  return entries
    .filter(({ key, pending, delete: gone }) => {
      return ours.has(key) && (pending !== undefined || gone);
    })
    .map(({ key }) => key);
}
