import type { EngineWatch } from "../../dynamic/engine";
import { handler } from "../../dynamic/handler";
import type { Kind } from "../../dynamic/kind";
import { markFrom } from "../../dynamic/mark";
import type { Words } from "../client";
import { converge, type FileSet } from "./converge";
import {
  type ManagedFilesInputs,
  type ManagedFilesOutputs,
  parse,
  schema,
} from "./model";
import { observe } from "./observe";
import { remove } from "./remove";

const kind: Kind<ManagedFilesInputs, ManagedFilesOutputs> = {
  token: "host:ManagedFiles",
  schema,
  parse,
  timeouts: { create: 300, read: 60, update: 300, delete: 300 },
  secrets: ["files.*.secretContent"],
  impacts: {
    owner: "none",
    host: "outage",
    name: "outage",
    files: "reload",
    validate: "none",
    reload: "none",
    adopt: "none",
    timeouts: "none",
  },

  replaces: (_olds, _news, changed) =>
    (["host", "name"] as const).filter((key) => changed.includes(key)),

  async create(inputs, operation) {
    const adopted = await converge(operation, inputs.host, setOf(inputs));
    return { id: inputs.name, outputs: { adopted, mark: inputs.owner } };
  },

  async read(_id, inputs, operation) {
    const found = await observe(operation, inputs.host, setOf(inputs));
    if (found === undefined) return undefined;
    const { owner, files, adopted } = found;
    const mark = markFrom(inputs, found.mark);
    return { inputs: { ...inputs, owner, files }, outputs: { adopted, mark } };
  },

  async update(_id, olds, news, operation) {
    const adopted = await converge(operation, news.host, setOf(news), {
      owner: markFrom(olds),
      state: olds,
    });
    return { adopted, mark: news.owner };
  },

  delete: (_id, inputs, operation) =>
    remove(operation, inputs.host, setOf(inputs)),
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

function setOf(
  inputs: ManagedFilesInputs & Partial<ManagedFilesOutputs>,
): FileSet {
  const { name, files, adopt } = inputs;
  const owner = markFrom(inputs);
  const validate = inputs.validate as Words | undefined;
  const reload = inputs.reload as Words | undefined;
  return { key: name, owner, files, validate, reload, adopt };
}
