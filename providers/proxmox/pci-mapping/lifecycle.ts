import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind } from "../../dynamic/kind";
import {
  adoptedSuffix,
  isAdopted,
  parseMark,
  withoutMark,
} from "../../dynamic/owner";
import { type ProxmoxSession, path } from "../client";
import { connect } from "../connection";
import { guestsWith } from "../guests/using";
import { parseProperties } from "../property-string";
import { settle } from "../settle";
import {
  type Definition,
  describe,
  entriesOf,
  findDefinition,
  inputsFrom,
  mappings,
  peekDefinition,
  sameEntries,
} from "./definition";
import { identify } from "./hardware";
import {
  type PciMappingInputs,
  type PciMappingOutputs,
  parse,
  schema,
} from "./model";

const kind: Kind<PciMappingInputs, PciMappingOutputs> = {
  token: "proxmox:PciMapping",
  schema,
  parse,
  timeouts: { create: 60, read: 60, update: 60, delete: 60 },
  // Guests look at a mapping when they start.
  impacts: {
    owner: "none",
    host: "outage",
    name: "outage",
    description: "none",
    map: "none",
    adopt: "none",
    timeouts: "none",
  },

  replaces(_olds, _news, changed) {
    return (["host", "name"] as const).filter((key) => changed.includes(key));
  },

  async create(inputs, operation) {
    const session = connect(operation, inputs.host);
    const adopted = await settle(operation.signal, async () => {
      const found = await findDefinition(session, inputs.name);
      return converge(session, inputs, found, claim(inputs, found));
    });
    return { id: inputs.name, outputs: { adopted } };
  },

  async read(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    const found = await peekDefinition(session, id);
    const mark = parseMark(found?.description);
    if (!found || (mark && mark.owner !== inputs.owner)) return undefined;
    return {
      // Without the mark it is nobody's until the next update.
      inputs: {
        ...(await inputsFrom(session, inputs, found)),
        owner: mark?.owner ?? "",
      },
      outputs: { adopted: mark ? isAdopted(mark) : (inputs.adopted ?? true) },
    };
  },

  async update(id, olds, news, operation) {
    const session = connect(operation, news.host);
    const adopted = await settle(operation.signal, async () => {
      const found = await findDefinition(session, id);
      if (found === undefined) {
        throw new UserError(
          `PCI mapping "${id}" is no longer on host "${news.host}". Run "pulumi refresh" to record that, then "pulumi up" to make it again`,
        );
      }
      const mark = parseMark(found.description);
      if (mark && ![olds.owner, news.owner].includes(mark.owner))
        throw held(news, mark.owner);
      const wasThere = mark ? isAdopted(mark) : (olds.adopted ?? true);
      return converge(session, news, found, wasThere, olds);
    });
    return { adopted };
  },

  async delete(id, inputs, operation) {
    const session = connect(operation, inputs.host);
    await settle(operation.signal, async () => {
      const found = await findDefinition(session, id);
      const mark = parseMark(found?.description);
      if (!found || (mark && mark.owner !== inputs.owner)) return;
      if (mark === undefined) {
        // What stood there before us has been let go.
        if (inputs.adopted) return;
        throw new UserError(
          `PCI mapping "${id}" on host "${inputs.host}" no longer carries this site's mark in its description, so it may be another's. Run "pulumi up" to mark it again if it is yours, then destroy`,
        );
      }
      if (isAdopted(mark)) await letGo(session, found);
      else {
        await refuseUsed(session, inputs);
        await session.request("DELETE", path`/cluster/mapping/pci/${id}`);
      }
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** Whether it stood there before us. */
function claim(
  inputs: PciMappingInputs,
  found: Definition | undefined,
): boolean {
  if (found === undefined) return false;
  const mark = parseMark(found.description);
  if (mark?.owner === inputs.owner) return isAdopted(mark);
  if (mark) throw held(inputs, mark.owner);
  if (inputs.adopt) return true;
  throw new UserError(
    `PCI mapping "${inputs.name}" stands on host "${inputs.host}" (${found.map.join("; ")}) and carries no mark of this site. Choose another name, or set adopt: true to take it over`,
  );
}

function held({ name, host }: PciMappingInputs, owner: string): UserError {
  return new UserError(
    `PCI mapping "${name}" on host "${host}" belongs to "${owner}". Choose another name`,
  );
}

async function converge(
  session: ProxmoxSession,
  inputs: PciMappingInputs,
  found: Definition | undefined,
  adopted: boolean,
  olds?: PciMappingInputs,
): Promise<boolean> {
  const { owner, name } = inputs;
  const identities = await identify(session, inputs.map);
  const map = entriesOf(inputs.map, identities, found?.map);
  const words =
    inputs.description ??
    (olds?.description === undefined ? withoutMark(found?.description) : "");
  const id = adopted ? `${name}${adoptedSuffix}` : name;
  const description = describe(words, { owner, id });
  if (found === undefined) {
    await session.request("POST", mappings, { id: name, map, description });
  } else if (
    found.description !== description ||
    !sameEntries(found.map, map)
  ) {
    await write(session, found, { map, description });
  }
  return adopted;
}

/** PVE wants the map each time. */
function write(
  session: ProxmoxSession,
  { id, digest }: Definition,
  changes: { map: string[]; description?: string; delete?: string },
): Promise<unknown> {
  return session.request("PUT", path`/cluster/mapping/pci/${id}`, {
    ...changes,
    digest,
  });
}

async function letGo(
  session: ProxmoxSession,
  found: Definition,
): Promise<void> {
  const words = withoutMark(found.description);
  const rest = words ? { description: words } : { delete: "description" };
  await write(session, found, { map: found.map, ...rest });
}

/** PVE would remove it all the same, and the guests could not start any more. */
async function refuseUsed(
  session: ProxmoxSession,
  { name, host }: PciMappingInputs,
): Promise<void> {
  const users = await guestsWith(
    session,
    (key, value) =>
      /^hostpci\d+$/.test(key) &&
      parseProperties(value, "host").mapping === name,
  );
  if (users.length > 0) {
    throw new UserError(
      `PCI mapping "${name}" on host "${host}" is in use by ${users.join(", ")}. Take the device from them first`,
    );
  }
}
