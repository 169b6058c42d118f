import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation } from "../../dynamic/kind";
import { markFrom } from "../../dynamic/mark";
import {
  converge,
  type FileSet,
  type Past,
} from "../../host/managed-files/converge";
import type { FileInputs } from "../../host/managed-files/model";
import { observe } from "../../host/managed-files/observe";
import { remove } from "../../host/managed-files/remove";
import { connect } from "../connection";
import {
  parse,
  type SnippetInputs,
  type SnippetOutputs,
  schema,
  volumeIdOf,
} from "./model";
import { findPlace, placeOf } from "./place";
import { refuseUsed } from "./using";

const kind: Kind<SnippetInputs, SnippetOutputs> = {
  token: "proxmox:Snippet",
  schema,
  parse,
  timeouts: { create: 120, read: 60, update: 120, delete: 120 },
  secrets: ["secretContent"],
  // Guests read it when PVE makes their cloud-init drive.
  impacts: {
    owner: "none",
    host: "outage",
    name: "outage",
    storage: "outage",
    file: "outage",
    content: "none",
    secretContent: "none",
    adopt: "none",
    timeouts: "none",
  },

  replaces: (_olds, _news, changed) =>
    (["host", "name", "storage", "file"] as const).filter((key) =>
      changed.includes(key),
    ),

  async create(inputs, operation) {
    const outputs = await put(inputs, operation);
    return { id: outputs.volumeId, outputs };
  },

  async read(_id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const path = await findPlace(session, inputs);
    if (path === undefined) return undefined;
    const set = setOf(inputs, path);
    const found = await observe(operation, inputs.host, set);
    const [file] = found?.files ?? [];
    if (found === undefined || file === undefined) return undefined;
    const { content, secretContent } = inputs;
    const isSame =
      file.content === content && file.secretContent === secretContent;
    const isMoved = file.mode !== undefined || file.owner !== undefined;
    return {
      inputs: {
        ...inputs,
        // Rights are no input of its own: what is wrong with them is mended.
        owner: isSame && (isMoved || file.group) ? "" : found.owner,
        content: file.content,
        secretContent: file.secretContent,
      },
      outputs: {
        volumeId: volumeIdOf(inputs),
        path,
        adopted: found.adopted.length > 0,
        mark: markFrom(inputs, found.mark),
      },
    };
  },

  update: (_id, olds, news, operation) =>
    put(news, operation, {
      owner: markFrom(olds),
      state: {
        files: [fileAt(olds, olds.path)],
        adopted: olds.adopted ? [olds.path] : [],
      },
    }),

  async delete(_id, inputs, operation) {
    const session = connect(operation, inputs.host);
    await refuseUsed(session, inputs);
    // Where the state has it: the storage may be gone by now.
    await remove(operation, inputs.host, setOf(inputs, inputs.path));
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

async function put(
  inputs: SnippetInputs,
  operation: Operation,
  past?: Past & { state: { files: FileInputs[] } },
): Promise<SnippetOutputs> {
  const session = connect(operation, inputs.host);
  const path = await placeOf(session, inputs);
  const [before] = past?.state.files ?? [];
  if (before && before.path !== path) {
    throw new UserError(
      `storage "${inputs.storage}" on host "${inputs.host}" has moved: the snippet is at ${before.path}, PVE looks for it at ${path}. Destroy it and make it again ("pulumi up --replace")`,
    );
  }
  const set = setOf(inputs, path);
  const adopted = await converge(operation, inputs.host, set, past);
  return {
    volumeId: volumeIdOf(inputs),
    path,
    adopted: adopted.length > 0,
    mark: inputs.owner,
  };
}

function setOf(
  inputs: SnippetInputs & Partial<SnippetOutputs>,
  path: string,
): FileSet {
  const { name, adopt } = inputs;
  // Not a name that ManagedFiles can have.
  return {
    key: `snippet:${name}`,
    owner: markFrom(inputs),
    adopt,
    files: [fileAt(inputs, path)],
  };
}

function fileAt(inputs: SnippetInputs, path: string): FileInputs {
  const { content, secretContent } = inputs;
  return { path, content, secretContent };
}
