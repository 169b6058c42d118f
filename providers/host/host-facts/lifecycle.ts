import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import { connect } from "../connection";
import type { Health } from "./facts";
import { findingsOf } from "./findings";
import { gather } from "./gather";
import type { Before } from "./health-findings";
import {
  type HostFactsInputs,
  type HostFactsOutputs,
  parse,
  schema,
} from "./model";
import { placesOf } from "./places";

const kind: Kind<HostFactsInputs, HostFactsOutputs> = {
  token: "host:HostFacts",
  schema,
  parse,
  // A disk that hangs takes its time, and is told of.
  timeouts: { create: 120, read: 120, update: 120, delete: 60 },
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
    const outputs = await judged(inputs, {}, operation);
    return { id: inputs.host, outputs };
  },

  read: async (_id, inputs, operation) => ({
    // Of the host's own facts nothing is declared.
    inputs: withoutFacts(inputs),
    outputs: await look(inputs, inputs, operation),
  }),

  update: (_id, olds, news, operation) => judged(news, olds, operation),

  delete: () => Promise.resolve(),
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

async function look(
  inputs: HostFactsInputs,
  before: Before,
  operation: Operation,
): Promise<HostFactsOutputs> {
  const { signal } = operation;
  const found = await gather(connect(operation, inputs.host), signal);
  const expected = inputs.expected ?? {};
  const { shelves } = placesOf(expected, found);
  const health = found.health.map((disk) => awake(disk, before));
  const facts = { ...found, shelves, health };
  const findings = findingsOf(expected, facts, before);
  if (inputs.inventory ?? true) return { ...facts, findings };
  const { hbas, links, versions } = facts;
  return { hbas, shelves, health, links, versions, findings };
}

/** A disk that sleeps is as it was when it was asked last. */
function awake(disk: Health, { health = [] }: Before): Health {
  if (disk.state !== "asleep") return disk;
  const { wwn, serial } = disk;
  const known = health.find((old) => old.wwn === wwn && old.serial === serial);
  return { ...known, ...disk };
}

async function judged(
  inputs: HostFactsInputs,
  before: Before,
  operation: Operation,
): Promise<HostFactsOutputs> {
  const outputs = await look(inputs, before, operation);
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
