import { setTimeout as sleep } from "node:timers/promises";
import { type ProxmoxSession, path } from "../../client";
import type { Guest, PowerState } from "../../guests/find";
import type { VirtualMachineInputs } from "../model";

/** The HA manager looks every 10 s (pve-ha-manager). */
const pollMs = 1_000;

interface HaResource {
  sid: string;
  state?: string;
  max_restart?: number;
  max_relocate?: number;
  failback?: number | boolean;
}

/** Membership and settings of the guest in the cluster's HA stack. */
export async function ensureHa(
  session: ProxmoxSession,
  { vmId }: Guest,
  inputs: VirtualMachineInputs,
  before: VirtualMachineInputs | undefined,
): Promise<void> {
  const { ha, power } = inputs;
  if (ha === undefined && before?.ha === undefined) return;
  const found = await findHa(session, vmId, 0);
  const sid = `vm:${vmId}`;
  if (ha === undefined) {
    if (found) await leaveHa(session, vmId);
    return;
  }
  const state = power === "running" ? "started" : "stopped";
  const wanted = {
    state,
    max_restart: ha.maxRestart,
    max_relocate: ha.maxRelocate,
    failback: ha.failback,
  };
  if (found === undefined) {
    await session.request("POST", "/cluster/ha/resources", { sid, ...wanted });
    return;
  }
  // Settings that the inputs no longer name go back to PVE's default.
  const names = {
    maxRestart: "max_restart",
    maxRelocate: "max_relocate",
    failback: "failback",
  } as const;
  const unset = Object.entries(names)
    .filter(([key]) => before?.ha?.[key as keyof typeof names] !== undefined)
    .filter(([key]) => ha[key as keyof typeof names] === undefined)
    .map(([, name]) => name);
  const same =
    unset.length === 0 &&
    found.state === state &&
    sameHa(ha, fromHa(ha, found));
  if (same) return;
  await session.request("PUT", path`/cluster/ha/resources/${sid}`, {
    ...wanted,
    delete: unset.length > 0 ? unset.join(",") : undefined,
  });
}

type Ha = NonNullable<VirtualMachineInputs["ha"]>;

function sameHa(left: Ha, right: Ha): boolean {
  return JSON.stringify(left) === JSON.stringify({ ...left, ...right });
}

/** Only what the inputs set; PVE's defaults are 1, 1 and 1. */
function fromHa(wanted: Ha, found: HaResource): Ha {
  const { maxRestart, maxRelocate, failback } = wanted;
  return {
    maxRestart: maxRestart === undefined ? undefined : (found.max_restart ?? 1),
    maxRelocate:
      maxRelocate === undefined ? undefined : (found.max_relocate ?? 1),
    failback:
      failback === undefined ? undefined : Number(found.failback ?? 1) === 1,
  };
}

export async function readHa(
  session: ProxmoxSession,
  vmId: number,
  wanted: VirtualMachineInputs["ha"],
): Promise<VirtualMachineInputs["ha"]> {
  if (wanted === undefined) return undefined;
  const found = await findHa(session, vmId);
  return found && fromHa(wanted, found);
}

async function findHa(
  session: ProxmoxSession,
  vmId: number,
  maxAgeMs?: number,
): Promise<HaResource | undefined> {
  const resources = await session.shared<HaResource[]>(
    "/cluster/ha/resources",
    {},
    maxAgeMs,
  );
  return resources.find(({ sid }) => sid === `vm:${vmId}`);
}

/** From here on the guest stands still where it is, for us to stop or move. */
export async function leaveHa(
  session: ProxmoxSession,
  vmId: number,
): Promise<void> {
  await session.request("DELETE", path`/cluster/ha/resources/${`vm:${vmId}`}`);
}

/** The HA stack acts some time after it was told to: this ends when it has. */
export async function awaitPower(
  session: ProxmoxSession,
  guest: Guest,
  wanted: PowerState,
  signal: AbortSignal,
): Promise<void> {
  await until(signal, `the HA stack has guest ${guest.vmId} ${wanted}`, () =>
    session
      .findGuest(guest.vmId, 0)
      .then((listed) => listed?.status === wanted),
  );
  guest.state = wanted;
}

export async function awaitNode(
  session: ProxmoxSession,
  guest: Guest,
  node: string,
  signal: AbortSignal,
): Promise<void> {
  await until(signal, `the HA stack has guest ${guest.vmId} on ${node}`, () =>
    session.findGuest(guest.vmId, 0).then((listed) => listed?.node === node),
  );
}

async function until(
  signal: AbortSignal,
  what: string,
  reached: () => Promise<boolean>,
): Promise<void> {
  while (!(await reached())) {
    try {
      await sleep(pollMs, undefined, { signal });
    } catch {
      const why = (signal.reason as Error).message;
      throw new Error(
        `${why}, waiting until ${what}. Look at Datacenter > HA, or "ha-manager status"`,
      );
    }
  }
}
