import { isDeepStrictEqual } from "node:util";
import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation, Verb } from "../../dynamic/kind";
import { type ProxmoxSession, path } from "../client";
import { connect } from "../connection";
import { guestsWith } from "../guests/using";
import { settle } from "../settle";
import { awaitActive } from "./active";
import {
  changesOf,
  type Definition,
  declared,
  describe,
  identityOf,
  inputsFrom,
  readDefinition,
  write,
} from "./definition";
import {
  parse,
  type StorageMountInputs,
  type StorageMountOutputs,
  schema,
} from "./model";

const timeouts = { create: 120, read: 60, update: 120, delete: 60 };

const kind: Kind<StorageMountInputs, StorageMountOutputs> = {
  token: "proxmox:StorageMount",
  schema,
  parse,
  timeouts,
  impacts: {
    owner: "none",
    host: "outage",
    name: "outage",
    backend: "outage",
    content: "none",
    nodes: "outage",
    enabled: "outage",
    adopt: "none",
    timeouts: "none",
  },

  // Of the backend only what PVE cannot change; the data outlives a definition.
  replaces(olds, news, changed) {
    return (["host", "name", "backend"] as const).filter(
      (key) =>
        changed.includes(key) &&
        (key !== "backend" || !isSameStorage(olds, news)),
    );
  },

  async create(inputs, operation) {
    const session = connect(operation, inputs.host);
    const adopted = await settle(operation.signal, () =>
      define(session, inputs),
    );
    operation.exists(inputs.name, { adopted });
    await verify(session, inputs, "create", operation);
    return { id: inputs.name, outputs: { adopted } };
  },

  async read(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const found = await readDefinition(session, id);
    // Another storage under the id is somebody else's.
    if (!found || !isIdentical(found.definition, inputs)) return undefined;
    return {
      inputs: inputsFrom(inputs, found.definition),
      // What is imported stood there before.
      outputs: { adopted: inputs.adopted ?? true },
    };
  },

  async update(id, olds, news, operation) {
    const session = connect(operation, news.host);
    await settle(operation.signal, async () => {
      const found = await readDefinition(session, id);
      if (!found || !isIdentical(found.definition, news)) {
        throw new UserError(
          `storage "${id}" as declared is no longer on host "${news.host}"${found ? `: there it is ${describe(found.definition)}` : ""}. Run "pulumi refresh" to record that, then "pulumi up"`,
        );
      }
      await change(session, found, news, olds);
    });
    await verify(session, news, "update", operation);
    return { adopted: olds.adopted };
  },

  async delete(id, inputs, operation) {
    // What stood there before us goes on without us.
    if (inputs.adopted) return;
    const session = connect(operation, inputs.host);
    await settle(operation.signal, async () => {
      const found = await readDefinition(session, id);
      if (!found || !isIdentical(found.definition, inputs)) return;
      await refuseUsed(session, inputs);
      await session.request("DELETE", path`/storage/${id}`);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** Says whether the definition stood there before. */
async function define(
  session: ProxmoxSession,
  inputs: StorageMountInputs,
): Promise<boolean> {
  const { name, host, adopt = false } = inputs;
  const wanted = declared(inputs);
  const found = await readDefinition(session, name);
  if (found === undefined) {
    await session.request("POST", "/storage", { storage: name, ...wanted });
    return false;
  }
  const { definition } = found;
  if (isIdentical(definition, inputs)) {
    if (adopt) await change(session, found, inputs);
    // Exactly as declared: an earlier attempt of ours has made it.
    if (adopt || isAsDeclared(definition, wanted)) return adopt;
  }
  const hint = isIdentical(definition, inputs)
    ? "set adopt: true to take it over"
    : "remove it";
  throw new UserError(
    `storage "${name}" exists on host "${host}" already: ${describe(definition)}, content ${definition.content ?? "none"}${definition.nodes ? `, nodes ${definition.nodes}` : ""}. Choose another name, or ${hint}`,
  );
}

async function change(
  session: ProxmoxSession,
  found: { definition: Definition; digest: string },
  inputs: StorageMountInputs,
  olds?: StorageMountInputs,
): Promise<void> {
  const changes = changesOf(
    found.definition,
    declared(inputs),
    olds && declared(olds),
  );
  if (Object.keys(changes.set).length + changes.unset.length === 0) return;
  await write(session, inputs.name, changes, found.digest);
}

function isSameStorage(
  olds: StorageMountInputs,
  news: StorageMountInputs,
): boolean {
  return isDeepStrictEqual(
    identityOf(declared(olds)),
    identityOf(declared(news)),
  );
}

function isIdentical(
  definition: Definition,
  inputs: StorageMountInputs,
): boolean {
  return isDeepStrictEqual(
    identityOf(definition),
    identityOf(declared(inputs)),
  );
}

function isAsDeclared(definition: Definition, wanted: Definition): boolean {
  const { set } = changesOf(definition, wanted);
  const extra = Object.keys(definition).filter(
    (key) => wanted[key] === undefined,
  );
  return Object.keys(set).length === 0 && extra.length === 0;
}

async function verify(
  session: ProxmoxSession,
  inputs: StorageMountInputs,
  verb: Verb,
  operation: Operation,
): Promise<void> {
  const seconds = inputs.timeouts?.[verb] ?? timeouts[verb];
  const patienceMs = (seconds * 1_000) / 2;
  await awaitActive(session, inputs, patienceMs, operation.signal);
}

const disk =
  /^(scsi|virtio|sata|ide|efidisk|tpmstate|unused|mp)\d+$|^(rootfs|vmstate)$/;

async function refuseUsed(
  session: ProxmoxSession,
  { name, host }: StorageMountInputs,
): Promise<void> {
  const users = await guestsWith(
    session,
    (key, value) => disk.test(key) && value.startsWith(`${name}:`),
  );
  if (users.length > 0) {
    throw new UserError(
      `storage "${name}" on host "${host}" has disks of ${users.join(", ")}. Move those disks first (Disk Action > Move Storage); the definition alone would go, but the guests could not start without it`,
    );
  }
}
