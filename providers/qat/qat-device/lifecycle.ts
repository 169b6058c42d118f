import type { EngineWatch } from "../../dynamic/engine";
import { handler } from "../../dynamic/handler";
import type { Kind } from "../../dynamic/kind";
import { apply } from "./apply";
import { denylistWarning } from "./files";
import {
  parse,
  type QatDeviceInputs,
  type QatDeviceOutputs,
  schema,
} from "./model";
import { observeAdapter } from "./observe";
import { removeAdapter } from "./remove";

const kind: Kind<QatDeviceInputs, QatDeviceOutputs> = {
  token: "qat:QatDevice",
  schema,
  parse,
  timeouts: { create: 300, read: 60, update: 300, delete: 300 },
  impacts: {
    owner: "none",
    host: "outage",
    name: "outage",
    endpoints: "outage",
    stack: "outage",
    services: "restart",
    instances: "restart",
    disableDenylist: "reload",
    uses: "none",
    proof: "none",
    adopt: "none",
    timeouts: "none",
  },

  replaces: (_olds, _news, changed) =>
    (["host", "name"] as const).filter((key) => changed.includes(key)),

  words(olds, news) {
    const words: string[] = [];
    if (olds.stack !== news.stack && news.stack === "passthrough")
      words.push(
        `the host loses its instances of the adapter: they go with the virtual functions`,
      );
    if (olds.stack === "passthrough" && news.stack !== "passthrough")
      words.push(
        "the virtual functions go, and guests that have them lose them",
      );
    if (news.disableDenylist && !olds.disableDenylist)
      words.push(denylistWarning);
    return words;
  },

  async create(inputs, operation) {
    return { id: inputs.name, outputs: await apply(operation, inputs) };
  },

  read: (_id, inputs, operation) => observeAdapter(operation, inputs),

  update: (_id, olds, news, operation) => apply(operation, news, olds),

  delete: (_id, inputs, operation) => removeAdapter(operation, inputs),
};

export const provider = (engine: EngineWatch) => handler(kind, engine);
