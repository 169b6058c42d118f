import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import type { ClusterResource, ProxmoxSession } from "../client";
import { connect } from "../connection";
import { text } from "../guests/config";
import {
  belongsTo,
  findGuest,
  findSettledGuest,
  type Guest,
  readWhole,
} from "../guests/find";
import { awaitIdle } from "../guests/tasks";
import { settle } from "../settle";
import { impacts } from "./impacts";
import {
  parse,
  schema,
  type VirtualMachineInputs,
  type VirtualMachineOutputs,
} from "./model";
import { refusals, replacing } from "./refusals";
import { remove } from "./remove";
import { inputsFrom } from "./settings";
import { cloudInitKey } from "./settings/cloud-init";
import { agentAddresses, agentOn, awaitAgent } from "./steps/agent";
import { configure, owedCloudInit, regenerate } from "./steps/configure";
import { ensureHa, readHa } from "./steps/ha";
import { obtain } from "./steps/obtain";
import { ensurePool, place } from "./steps/place";
import { power, stateOf } from "./steps/power";

const agentWaitSeconds = 60;

const kind: Kind<VirtualMachineInputs, VirtualMachineOutputs> = {
  token: "proxmox:VirtualMachine",
  schema,
  parse,
  timeouts: { create: 900, read: 60, update: 900, delete: 300 },
  impacts,
  secrets: ["cloudInit.password"],
  refuse: refusals,
  replaces: replacing,

  async create(inputs, operation) {
    const session = connect(operation, inputs.host);
    const { signal } = operation;
    const guest = await settle(signal, () => obtain(session, inputs, signal));
    const id = `${guest.vmId}`;
    operation.exists(id, { vmNumber: guest.vmId, addresses: [] });
    return {
      id,
      outputs: await converge(session, guest, inputs, undefined, operation),
    };
  },

  async read(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const guest = await findGuest(session, inputs.node, Number(id));
    if (!guest || !isOurs(guest, inputs)) return undefined;
    const listed = await session.findGuest(guest.vmId);
    const running = await isRunning(session, guest, listed, inputs.power);
    const actual = inputsFrom(inputs, guest.config, {
      node: guest.node,
      running,
      pool: listed?.pool,
      ha: await readHa(session, guest.vmId, inputs.ha),
    });
    const asks = running && agentOn(guest);
    return {
      // Without its mark it is shown as changed, so that the next up marks it.
      inputs: guest.mark ? actual : { ...actual, owner: "" },
      outputs: {
        vmNumber: guest.vmId,
        addresses: asks ? await agentAddresses(session, guest) : [],
        kept: inputs.kept,
        owed: inputs.owed,
        // Asking would be a request more for each guest; a stopped one has nothing to wait for.
        pending: running ? (inputs.pending ?? []) : [],
      },
    };
  },

  async update(id, olds, news, operation) {
    const session = connect(operation, news.host);
    const guest = await findGuest(session, news.node, Number(id));
    if (!guest || !(isOurs(guest, olds) || isOurs(guest, news))) {
      throw new UserError(
        `guest ${id} is no longer on host "${news.host}". Run "pulumi refresh" to record that, then "pulumi up" to make it again`,
      );
    }
    return converge(session, guest, news, olds, operation);
  },

  async delete(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const { signal } = operation;
    const { host, node, name } = inputs;
    await settle(signal, async (again) => {
      if (again) await awaitIdle(session, node, Number(id));
      const guest = await findSettledGuest(
        session,
        node,
        Number(id),
        signal,
        readWhole,
      );
      if (!guest || (guest.mark && !isOurs(guest, inputs))) return;
      if (guest.mark === undefined) {
        throw new UserError(
          `guest ${id} "${text(guest.config, "name") ?? ""}" on host "${host}" has its id, but its notes no longer carry this site's mark, so it may be another's. If it is yours, call it "${name}" and run "pulumi up" to mark it again, then destroy; if not, run "pulumi refresh"`,
        );
      }
      await remove(session, guest, inputs, operation.tell);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** Each step looks at the guest and does what is missing, however often it runs. */
async function converge(
  session: ProxmoxSession,
  guest: Guest,
  inputs: VirtualMachineInputs,
  before: (VirtualMachineInputs & VirtualMachineOutputs) | undefined,
  operation: Operation,
): Promise<VirtualMachineOutputs> {
  const { signal } = operation;
  const step = <T>(work: () => Promise<T>) =>
    settle(signal, async (again) => {
      if (again) await lookAgain(session, guest, inputs);
      return work();
    });
  const kept = { ...before?.kept };
  const written = new Set(owedCloudInit(guest, inputs, before));
  const { vmId: vmNumber } = guest;
  const rest = () => (Object.keys(kept).length > 0 ? { kept } : {});
  const record = () => {
    const keys = [...written].filter((key) => cloudInitKey.test(key));
    const owed = before && keys.length > 0 ? { owed: keys } : {};
    operation.exists(`${vmNumber}`, {
      vmNumber,
      addresses: [],
      ...rest(),
      ...owed,
    });
  };
  record();
  await step(() => place(session, guest, inputs, before, operation));
  await step(async () => {
    const keys = await configure(session, guest, inputs, before, kept);
    for (const key of keys) written.add(key);
  });
  record();
  await step(() => regenerate(session, guest, [...written]));
  // A guest that this operation has made is in its pool already.
  if (before || !guest.assumed) {
    await step(() => ensurePool(session, guest, inputs, before));
  }
  await step(() => ensureHa(session, guest, inputs, before));
  const { started, pending } = await step(() =>
    power(session, guest, inputs, before, [...written], operation),
  );
  const seconds = inputs.timeouts?.agent ?? agentWaitSeconds;
  const addresses =
    !inputs.agent || inputs.power !== "running"
      ? []
      : started
        ? await awaitAgent(session, guest, seconds, signal)
        : await agentAddresses(session, guest);
  return {
    vmNumber,
    addresses,
    ...rest(),
    pending,
  };
}

/** After an outcome that is not known: what was begun ends first. */
async function lookAgain(
  session: ProxmoxSession,
  guest: Guest,
  { host }: VirtualMachineInputs,
): Promise<void> {
  await awaitIdle(session, guest.node, guest.vmId);
  const found = await findGuest(session, guest.node, guest.vmId);
  if (found === undefined) {
    throw new UserError(
      `guest ${guest.vmId} went away while it was configured on host "${host}". Run "pulumi up" again`,
    );
  }
  Object.assign(guest, { state: undefined, assumed: false }, found);
}

/**
 * PVE's list is some seconds old, and says "unknown" of a new guest: what does
 * not fit to the inputs is asked for.
 */
async function isRunning(
  session: ProxmoxSession,
  guest: Guest,
  listed: ClusterResource | undefined,
  wanted: string,
): Promise<boolean> {
  const fits = listed?.status === wanted;
  return (fits ? wanted : await stateOf(session, guest)) === "running";
}

/**
 * A guest of another owner, or of another name without a mark, only has the id
 * of one that is gone.
 */
function isOurs(guest: Guest, { owner, name }: VirtualMachineInputs): boolean {
  if (belongsTo(guest, owner)) return true;
  return guest.mark === undefined && text(guest.config, "name") === name;
}
