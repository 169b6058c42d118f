import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import { connect } from "../connection";
import { findingsOf } from "./findings";
import { gather } from "./gather";
import {
  type HostFactsInputs,
  type HostFactsOutputs,
  parse,
  schema,
} from "./model";

const kind: Kind<HostFactsInputs, HostFactsOutputs> = {
  token: "host:HostFacts",
  schema,
  parse,
  timeouts: { create: 60, read: 60, update: 60, delete: 60 },
  impacts: {
    owner: "none",
    host: "none",
    name: "none",
    expected: "none",
    inventory: "none",
    strict: "none",
    timeouts: "none",
  },

  replaces: (_olds, _news, changed) =>
    changed.includes("host") ? ["host"] : [],

  async create(inputs, operation) {
    const outputs = await judged(inputs, operation);
    return { id: inputs.host, outputs };
  },

  read: async (_id, inputs, operation) => ({
    // Of the host's own facts nothing is declared.
    inputs: withoutFacts(inputs),
    outputs: await look(inputs, operation),
  }),

  update: (_id, _olds, news, operation) => judged(news, operation),

  delete: () => Promise.resolve(),
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

async function look(
  inputs: HostFactsInputs,
  operation: Operation,
): Promise<HostFactsOutputs> {
  const { signal } = operation;
  const facts = await gather(connect(operation, inputs.host), signal);
  const findings = findingsOf(inputs.expected ?? {}, facts);
  if (inputs.inventory ?? true) return { ...facts, findings };
  const { hbas, versions } = facts;
  return { hbas, versions, findings };
}

async function judged(
  inputs: HostFactsInputs,
  operation: Operation,
): Promise<HostFactsOutputs> {
  const outputs = await look(inputs, operation);
  if (inputs.strict && outputs.findings.length > 0)
    throw new UserError(
      `host "${inputs.host}" is not as the manifest says: ${outputs.findings.join("; ")}. Correct the machine or the manifest`,
    );
  return outputs;
}

function withoutFacts(
  inputs: HostFactsInputs & HostFactsOutputs,
): HostFactsInputs {
  const { owner, host, name, expected, inventory, strict, timeouts } = inputs;
  return { owner, host, name, expected, inventory, strict, timeouts };
}
