import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind } from "../../dynamic/kind";
import { isOwn, markFrom } from "../../dynamic/mark";
import { type FileMark, parseFileMark, withoutFileMark } from "../mark";
import { onHost, type Place } from "../place";
import { apply, withdraw } from "./apply";
import {
  fileOf,
  isSame,
  keyOf,
  type Pair,
  pairsOf,
  parseFile,
  render,
} from "./file";
import {
  type Entry,
  type NfsExportsInputs,
  type NfsExportsOutputs,
  parse,
  schema,
} from "./model";
import { entryWith, optionsOf } from "./options";
import { exported, readOwn, tellSleeping, writeOwn } from "./server";

const kind: Kind<NfsExportsInputs, NfsExportsOutputs> = {
  token: "storage:NfsExports",
  schema,
  parse,
  timeouts: { create: 60, read: 60, update: 60, delete: 60 },
  impacts: {
    owner: "none",
    host: "outage",
    name: "none",
    entries: "outage",
    adopt: "none",
    timeouts: "none",
  },

  replaces(_olds, _news, changed) {
    return changed.includes("host") ? ["host"] : [];
  },

  async create(inputs, operation) {
    const { name } = inputs;
    const adopted = await onHost(operation, inputs.host, async (place) => {
      const text = await readOwn(place, name);
      const mine = claim(inputs, text);
      await apply(place, inputs, mine, text);
      return mine;
    });
    return { id: name, outputs: { adopted, mark: inputs.owner } };
  },

  async read(_id, inputs, operation) {
    return onHost(
      operation,
      inputs.host,
      async (place) => {
        const text = await readOwn(place, inputs.name);
        const mark = parseFileMark(text ?? "");
        const isOthers = mark.owner && !isOwn(inputs, mark.owner);
        if (text === undefined || isOthers) return undefined;
        const live = await exported(place);
        await tellSleeping(place, inputs);
        const adopted = mark.owner ? mark.adopted : (inputs.adopted ?? true);
        const entries = entriesFrom(inputs.entries, parseFile(text), live);
        // A file that somebody wrote in is not as we left it, whatever it exports.
        const known = markFrom(inputs, mark.owner);
        const wanted = { ...inputs, owner: known };
        const isIntact = text === render({ ...wanted, entries }, adopted);
        const isLiveOnly = text === render(wanted, adopted);
        const owner = isIntact || isLiveOnly ? known : "";
        return {
          inputs: { ...inputs, owner, entries },
          outputs: { adopted, mark: known },
        };
      },
      "looking",
    );
  },

  async update(_id, olds, news, operation) {
    const adopted = await onHost(operation, news.host, async (place) => {
      const text = await readOwn(place, news.name);
      const mark = parseFileMark(text ?? "");
      const known = { owner: news.owner, mark: markFrom(olds) };
      if (mark.owner && !isOwn(known, mark.owner)) throw held(news, mark);
      const wasThere = mark.owner ? mark.adopted : olds.adopted;
      // The old file first: two that say the same are a fault to the place.
      if (olds.name !== news.name) await withdrawOwn(place, olds);
      await apply(place, news, wasThere, text);
      return wasThere;
    });
    return { adopted, mark: news.owner };
  },

  async delete(_id, inputs, operation) {
    await onHost(operation, inputs.host, async (place) => {
      const text = await readOwn(place, inputs.name);
      const mark = parseFileMark(text ?? "");
      if (mark.owner && !isOwn(inputs, mark.owner)) return;
      if (text !== undefined && !mark.owner && !inputs.adopted) {
        throw new UserError(
          `${fileOf(inputs.name)} on host "${inputs.host}" no longer carries this site's mark, so it may be another's. Run "pulumi up" to mark it again if it is yours, then destroy`,
        );
      }
      if (text !== undefined && mark.adopted)
        await writeOwn(place, inputs.name, withoutFileMark(text));
      else if (mark.owner || !inputs.adopted)
        await withdraw(place, inputs.name, pairsOf(inputs.entries));
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

async function withdrawOwn(
  place: Place,
  olds: NfsExportsInputs & NfsExportsOutputs,
): Promise<void> {
  const { name } = olds;
  const { owner } = parseFileMark((await readOwn(place, name)) ?? "");
  if (owner && isOwn(olds, owner))
    await withdraw(place, name, pairsOf(olds.entries));
}

/** Whether the file stood there before us. */
function claim(inputs: NfsExportsInputs, text: string | undefined): boolean {
  if (text === undefined) return false;
  const mark = parseFileMark(text);
  if (mark.owner === inputs.owner) return mark.adopted;
  if (mark.owner) throw held(inputs, mark);
  if (inputs.adopt) return true;
  throw new UserError(
    `${fileOf(inputs.name)} stands on host "${inputs.host}" and carries no mark of this site. Choose another name, or set adopt: true to take it over`,
  );
}

function held(
  { name, host }: NfsExportsInputs,
  { owner }: FileMark,
): UserError {
  return new UserError(
    `${fileOf(name)} on host "${host}" belongs to "${owner}". Choose another name`,
  );
}

/** The declared entries as they are exported, then what the file has beside them. */
function entriesFrom(
  entries: readonly Entry[],
  filed: readonly Pair[],
  live: readonly Pair[],
): Entry[] {
  const now = new Map(live.map((pair) => [keyOf(pair), pair.options]));
  const actual = entries.flatMap((entry) => {
    const { path } = entry;
    const clients = entry.clients.filter((client) => {
      const options = now.get(keyOf({ path, client }));
      return options && isSame(options, optionsOf(entry));
    });
    const changed = entry.clients.flatMap((client) => {
      const options = now.get(keyOf({ path, client }));
      return options && !clients.includes(client)
        ? [entryWith(entry, [client], options)]
        : [];
    });
    return [...(clients.length > 0 ? [{ ...entry, clients }] : []), ...changed];
  });
  const declared = new Set(pairsOf(entries).map(keyOf));
  const extra = filed
    .filter((pair) => !declared.has(keyOf(pair)))
    .map(({ path, client, options }) =>
      entryWith(
        { path, dataset: "", clients: [], access: "ro" },
        [client],
        options,
      ),
    );
  return [...actual, ...extra];
}
