import { isDeepStrictEqual } from "node:util";
import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Operation, Verb } from "../../dynamic/kind";
import { isAdopted, parseMark, withoutMark } from "../../dynamic/owner";
import type { ProxmoxSession } from "../client";
import { connect } from "../connection";
import { guestsWith } from "../guests/using";
import { parseProperties } from "../property-string";
import { make } from "./apply";
import { type Claims, claim, claimAgain } from "./claim";
import {
  bondInputs,
  bondSettings,
  bridgeInputs,
  bridgeSettings,
} from "./config";
import { exclusively } from "./exclusively";
import {
  type Interfaces,
  readInterfaces,
  type Settings,
  settingsOf,
} from "./interfaces";
import { type Change, cutsOf } from "./management";
import { type BridgeInputs, type BridgeOutputs, parse, schema } from "./model";
import { isOnlyOurs } from "./pending";
import { discard } from "./staging";

const timeouts = { create: 240, read: 60, update: 240, delete: 240 };

const kind: Kind<BridgeInputs, BridgeOutputs> = {
  token: "proxmox:Bridge",
  schema,
  parse,
  timeouts,
  impacts: {
    owner: "none",
    host: "outage",
    node: "outage",
    name: "outage",
    vlanAware: "reload",
    vlanIds: "reload",
    ports: "reload",
    bonds: "reload",
    mtu: "reload",
    address: "reload",
    gateway: "reload",
    address6: "reload",
    gateway6: "reload",
    autostart: "none",
    comments: "none",
    adopt: "none",
    recoveryPortInUse: "none",
    timeouts: "none",
  },

  replaces(_olds, _news, changed) {
    return (["host", "node", "name"] as const).filter((key) =>
      changed.includes(key),
    );
  },

  async create(inputs, operation) {
    const { adopted } = await converge(inputs, undefined, "create", operation);
    return { id: `${inputs.node}/${inputs.name}`, outputs: { adopted } };
  },

  async read(_id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const { found } = await readInterfaces(session, inputs.node);
    const item = found.get(inputs.name);
    const mark = parseMark(item?.comments);
    if (item?.type !== "bridge") return undefined;
    if (mark && mark.owner !== inputs.owner) return undefined;
    return {
      inputs: {
        ...inputs,
        ...bridgeInputs(inputs, item),
        // Without the mark it is nobody's until the next update.
        owner: mark?.owner ?? "",
        bonds: inputs.bonds && bondInputs(inputs.bonds, found),
      },
      outputs: { adopted: isAdopted(mark) },
    };
  },

  async update(_id, olds, news, operation) {
    return converge(news, olds, "update", operation);
  },

  async delete(_id, inputs, operation) {
    await exclusively(inputs.node, operation.signal, async () => {
      const session = connect(operation, inputs.host);
      const present = await settledInterfaces(session, inputs);
      const changes = removals(inputs, present);
      const goes = changes.some(
        ({ type, settings }) => type === "bridge" && settings === undefined,
      );
      if (goes) await refuseUsed(session, inputs);
      await perform(inputs, present, changes, "delete", operation);
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

function converge(
  inputs: BridgeInputs,
  olds: (BridgeInputs & BridgeOutputs) | undefined,
  verb: Verb,
  operation: Operation,
): Promise<BridgeOutputs> {
  return exclusively(inputs.node, operation.signal, async () => {
    const session = connect(operation, inputs.host);
    const present = await settledInterfaces(session, inputs, olds);
    if (olds && !present.found.has(inputs.name)) {
      throw new UserError(
        `bridge "${inputs.name}" is no longer on host "${inputs.host}". Run "pulumi refresh" to record that, then "pulumi up" to make it again`,
      );
    }
    const claims = olds
      ? claimAgain(inputs, olds, present)
      : claim(inputs, present);
    const changes = changesOf(inputs, olds, present, claims);
    await perform(inputs, present, changes, verb, operation);
    return { adopted: claims.get(inputs.name)?.adopted ?? false };
  });
}

/** Without what an earlier attempt of ours has staged and not applied. */
async function settledInterfaces(
  session: ProxmoxSession,
  inputs: BridgeInputs,
  olds?: BridgeInputs,
): Promise<Interfaces> {
  const present = await readInterfaces(session, inputs.node);
  if (!present.changes) return present;
  const ours = new Set([
    inputs.name,
    ...Object.keys(inputs.bonds ?? {}),
    ...Object.keys(olds?.bonds ?? {}),
  ]);
  if (!isOnlyOurs(present.changes, ours)) {
    throw new UserError(
      `somebody has staged changes of the network on node "${inputs.node}" and not applied them, and an apply would take them along. Apply or revert them (the node's System > Network), then run "pulumi up" again. They are:\n${present.changes}`,
    );
  }
  await discard(session, inputs.node);
  return readInterfaces(session, inputs.node);
}

function changesOf(
  inputs: BridgeInputs,
  olds: BridgeInputs | undefined,
  { found }: Interfaces,
  claims: Claims,
): Change[] {
  const standing = (name: string) => {
    const item = found.get(name);
    return item && settingsOf(item);
  };
  const wanted: Change[] = Object.entries(inputs.bonds ?? {}).map(
    ([name, bond]) => ({
      name,
      type: "bond",
      settings: bondSettings(
        standing(name),
        bond,
        olds?.bonds?.[name],
        claims.get(name)?.mark,
      ),
    }),
  );
  wanted.push({
    name: inputs.name,
    type: "bridge",
    settings: bridgeSettings(
      standing(inputs.name),
      inputs,
      olds,
      claims.get(inputs.name)?.mark,
    ),
  });
  const dropped = Object.keys(olds?.bonds ?? {}).filter(
    (name) => inputs.bonds?.[name] === undefined,
  );
  return [
    ...dropped.flatMap((name) => letGo(olds?.owner ?? "", name, "bond", found)),
    ...wanted,
  ].filter(
    ({ name, settings }) => !isDeepStrictEqual(standing(name), settings),
  );
}

function removals(inputs: BridgeInputs, { found }: Interfaces): Change[] {
  const item = found.get(inputs.name);
  if (item && parseMark(item.comments) === undefined) {
    throw new UserError(
      `bridge "${inputs.name}" on host "${inputs.host}" no longer carries this site's mark in its comments, so it may be another's. Run "pulumi up" to mark it again if it is yours, then destroy`,
    );
  }
  return [
    ...letGo(inputs.owner, inputs.name, "bridge", found),
    ...Object.keys(inputs.bonds ?? {}).flatMap((name) =>
      letGo(inputs.owner, name, "bond", found),
    ),
  ];
}

/**
 * What we made goes. What stood there before us carries the host, and perhaps
 * its only address: it stays as it is, without our mark.
 */
function letGo(
  owner: string,
  name: string,
  type: string,
  found: Interfaces["found"],
): Change[] {
  const item = found.get(name);
  const mark = parseMark(item?.comments);
  if (!item || mark?.owner !== owner) return [];
  if (!isAdopted(mark)) return [{ name, type }];
  const { comments, ...settings }: Settings = settingsOf(item);
  const words = withoutMark(comments);
  return [
    {
      name,
      type,
      settings: words ? { ...settings, comments: words } : settings,
    },
  ];
}

async function perform(
  inputs: BridgeInputs,
  present: Interfaces,
  changes: Change[],
  verb: Verb,
  operation: Operation,
): Promise<void> {
  if (changes.length === 0) return;
  const { host, node } = inputs;
  const url = operation.configuration.endpoints[host]?.proxmox?.url ?? "";
  const cuts = await cutsOf(url, present.found, changes);
  if (cuts.length > 0 && !inputs.recoveryPortInUse) {
    throw new UserError(
      `the change of "${inputs.name}" would cut host "${host}" off, and nobody could undo it over the network: ${cuts.join("; ")}. Leave that as it is, or go to the host's recovery port or console and set recoveryPortInUse: true`,
    );
  }
  const seconds = inputs.timeouts?.[verb] ?? timeouts[verb];
  // So that enough is left to put the previous definition back.
  const patienceMs = (seconds * 1_000) / 4;
  await make(operation, { host, node, patienceMs }, present, changes);
}

async function refuseUsed(
  session: ProxmoxSession,
  { name, node }: BridgeInputs,
): Promise<void> {
  const users = await guestsWith(
    session,
    (key, value) =>
      /^net\d+$/.test(key) && parseProperties(value, "model").bridge === name,
    node,
  );
  if (users.length > 0) {
    throw new UserError(
      `bridge "${name}" on node "${node}" is in use by ${users.join(", ")}. Move their NICs to another bridge first`,
    );
  }
}
