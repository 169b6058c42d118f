import type { EngineWatch } from "../../dynamic/engine";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import { connect } from "../connection";
import { settle } from "../settle";
import {
  type NodeOptionsInputs,
  type NodeOptionsOutputs,
  type Options,
  parse,
  schema,
} from "./model";
import { namesIn, pick, readOptions, writeOptions } from "./options";

const kind: Kind<NodeOptionsInputs, NodeOptionsOutputs> = {
  token: "proxmox:NodeOptions",
  schema,
  parse,
  timeouts: { create: 60, read: 60, update: 60, delete: 60 },
  // The delay is looked at when the node boots; what runs keeps its time zone.
  impacts: {
    owner: "none",
    host: "none",
    node: "none",
    name: "none",
    startDelay: "none",
    timezone: "none",
    timeouts: "none",
  },

  replaces(_olds, _news, changed) {
    return (["host", "node"] as const).filter((key) => changed.includes(key));
  },

  async create(inputs, operation) {
    const { node } = inputs;
    const before = await converge(node, inputs, {}, operation);
    return { id: node, outputs: { before } };
  },

  async read(_id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const names = namesIn(inputs);
    const found = await readOptions(session, inputs.node, names);
    return {
      inputs: { ...inputs, ...pick(found, names) },
      outputs: { before: inputs.before ?? {} },
    };
  },

  async update(id, olds, news, operation) {
    const before = await converge(id, news, olds.before ?? {}, operation);
    return { before };
  },

  async delete(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const { before = {} } = inputs;
    await settle(operation.signal, async () => {
      const found = await readOptions(session, id, namesIn(before));
      await writeOptions(session, id, before, found);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** Says what stood before, of what is declared now. */
async function converge(
  node: string,
  inputs: NodeOptionsInputs,
  known: Options,
  operation: Operation,
): Promise<Options> {
  const session = connect(operation, inputs.host);
  const declared = namesIn(inputs);
  const names = [...declared, ...namesIn(known)];
  let before = known;
  await settle(operation.signal, async () => {
    const found = await readOptions(session, node, names);
    // The first look counts: a later one may see what we have written.
    before = { ...pick(found, declared), ...before };
    // Once something is written, the state must know what to put back.
    operation.exists(node, { before });
    const wanted = { ...before, ...pick(inputs, declared) };
    await writeOptions(session, node, wanted, found);
  });
  return pick(before, declared);
}
