import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind, Refusal } from "../../dynamic/kind";
import { isOwn, markFrom } from "../../dynamic/mark";
import { isOfSameSite } from "../../dynamic/owner";
import { type Dataset, propertiesFrom, readDataset, shares } from "./dataset";
import { destroy } from "./destroy";
import {
  fixedKeys,
  parse,
  schema,
  type ZfsDatasetInputs,
  type ZfsDatasetOutputs,
} from "./model";
import { readTimer, removeTimer } from "./timer";
import {
  converge,
  findPool,
  inPool,
  make,
  mark,
  nameOfPool,
  renamedTo,
  requirePool,
  session,
  type Work,
} from "./work";

const kind: Kind<ZfsDatasetInputs, ZfsDatasetOutputs> = {
  token: "storage:ZfsDataset",
  schema,
  parse,
  timeouts: { create: 120, read: 60, update: 120, delete: 120 },
  impacts: {
    owner: "none",
    host: "outage",
    name: "none",
    dataset: "outage",
    poolGuid: "none",
    type: "data",
    // The mount point is among them.
    properties: "outage",
    volsize: "none",
    snapshots: "none",
    adopt: "none",
    destroy: "none",
    remake: "none",
    timeouts: "none",
  },

  refuse(olds, news) {
    return [
      ...lost(olds, news),
      ...otherDataset(olds, news),
      ...fixed(olds, news),
    ];
  },

  // What was lost holds nothing that could be lost by that.
  replaces: ({ remake: found }, { remake }) =>
    found?.lost && found.guid === remake?.guid ? ["remake"] : [],

  async create(inputs, operation) {
    return session(operation, inputs, async (work) => {
      await requirePool(work, inputs);
      const found = await readDataset(work.zfs, inputs.dataset);
      const adopted = claim(inputs, found);
      if (found === undefined && inputs.remake)
        operation.tell(`${inputs.dataset} is made anew, and is empty`);
      const dataset = found ?? (await make(work, inputs));
      const outputs = { guid: dataset.guid, adopted, mark: inputs.owner };
      if (dataset.owner !== undefined) operation.exists(dataset.guid, outputs);
      await converge(work, inputs, dataset, adopted);
      return { id: dataset.guid, outputs };
    });
  },

  async read(id, inputs, operation) {
    return session(
      operation,
      inputs,
      async (work) => {
        const pool = await nameOfPool(work, inputs);
        const found = await readDataset(work.zfs, inPool(pool, inputs.dataset));
        if (found?.guid !== id) {
          const dataset = await renamedTo(work, pool, id);
          const moved = dataset && (await readDataset(work.zfs, dataset));
          if (!moved) {
            operation.tell(
              `${lossOf(inputs, id)} ("zpool history ${pool}" says when)${found ? `; another one is there under its name (guid ${found.guid})` : ""}. It is not made anew by itself: the next preview says how`,
            );
            return {
              inputs: { ...inputs, remake: { guid: id, lost: true } },
              outputs: { guid: id, adopted: false, mark: markFrom(inputs) },
            };
          }
          const actual = await inputsFrom(work, inputs, moved, id);
          const [declared = ""] = inputs.dataset.split("/");
          return {
            // That the pool has another name is the pool's drift, and told there.
            inputs: { ...actual, dataset: inPool(declared, dataset) },
            outputs: outputsOf(moved, inputs),
          };
        }
        if (found.owner !== undefined && !isOwn(inputs, found.owner))
          return undefined;
        return {
          inputs: await inputsFrom(work, inputs, found, id),
          outputs: outputsOf(found, inputs),
        };
      },
      "looking",
    );
  },

  async update(id, olds, news, operation) {
    return session(operation, news, async (work) => {
      await requirePool(work, news);
      const found = await readDataset(work.zfs, news.dataset);
      if (found?.guid !== id) {
        throw new UserError(
          found
            ? `dataset ${news.dataset} on host "${news.host}" is another one now (guid ${found.guid}, known is ${id}). Run "pulumi refresh" to see what there is`
            : `${lossOf(news, id)}. Run "pulumi refresh" to see what there is`,
        );
      }
      const owner = markFrom(olds);
      if (found.owner && ![owner, news.owner].includes(found.owner))
        throw held(news, found.owner);
      const adopted = found.owner ? found.adopted : olds.adopted;
      await converge(work, news, found, adopted, { ...olds, owner });
      return { guid: id, adopted, mark: news.owner };
    });
  },

  async delete(id, inputs, operation) {
    await session(operation, inputs, async (work) => {
      // Without its pool there is nothing here to destroy or to let go.
      const isHere = (await findPool(work, inputs)) === inputs.poolGuid;
      const found = isHere
        ? await readDataset(work.zfs, inputs.dataset)
        : undefined;
      const isOthers =
        found?.owner !== undefined && !isOwn(inputs, found.owner);
      // Drift of its timer has taken the snapshots from the state.
      if (!isOthers)
        await removeTimer(work, inputs.name, markFrom(inputs, found?.owner));
      if (isOthers || (isHere && found?.guid !== id)) return;
      if (inputs.destroy !== undefined) {
        if (found) await destroy(work, inputs, found);
        else {
          throw new UserError(
            `pool ${inputs.dataset.split("/")[0]} (guid ${inputs.poolGuid}) is not imported on host "${inputs.host}", so ${inputs.dataset} cannot be destroyed. Import it, or leave destroy out to forget the dataset`,
          );
        }
        return;
      }
      // Ours keeps its mark: the next "up" knows it again.
      if (found?.adopted) await mark(work, inputs, undefined);
      operation.tell(
        `${inputs.dataset} (guid ${id}) on host "${inputs.host}" is left as it is, with its data`,
      );
    });
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

function lossOf({ dataset, host }: ZfsDatasetInputs, guid: string): string {
  return `${dataset} (guid ${guid}) is no longer on host "${host}": somebody destroyed it, with its data and its snapshots`;
}

/** An empty one that looks like the one that was lost is made only when that is said. */
function lost(olds: ZfsDatasetInputs, { remake }: ZfsDatasetInputs): Refusal[] {
  const found = olds.remake;
  if (!found?.lost || found.guid === remake?.guid) return [];
  return [
    {
      property: "remake",
      reason: `${lossOf(olds, found.guid)}. To have an empty one made in its place, write remake: { guid: "${found.guid}" } at it; to give it up, declare it no longer`,
    },
  ];
}

/** What is another dataset is never made by taking this one away. */
function otherDataset(
  olds: ZfsDatasetInputs,
  news: ZfsDatasetInputs,
): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (property: string, reason: string) =>
    refusals.push({ property, reason });
  if (olds.host !== news.host) {
    refuse(
      "host",
      `is "${olds.host}" and cannot become "${news.host}": the data would stay. Declare a second dataset and copy it ("zfs send")`,
    );
  }
  if (olds.dataset !== news.dataset) {
    refuse(
      "dataset",
      `is ${olds.dataset} and cannot become ${news.dataset}. Rename it on the host ("zfs rename ${olds.dataset} ${news.dataset}") and run "pulumi refresh"`,
    );
  }
  if (olds.poolGuid !== news.poolGuid) {
    refuse(
      "poolGuid",
      `is ${olds.poolGuid} and cannot become ${news.poolGuid}: that is another pool. Declare a second dataset there and copy the data`,
    );
  }
  if (olds.type !== news.type) {
    refuse(
      "type",
      `is ${olds.type} and cannot become ${news.type}. Declare a second dataset under another path`,
    );
  }
  return refusals;
}

function fixed(olds: ZfsDatasetInputs, news: ZfsDatasetInputs): Refusal[] {
  const refusals = fixedKeys().flatMap((key) => {
    const [before, after] = [olds.properties?.[key], news.properties?.[key]];
    return before === undefined || after === undefined || before === after
      ? []
      : [
          {
            property: `properties.${key}`,
            reason: `is ${before} and cannot become ${after}: ZFS sets it at creation only. Declare a second dataset and copy the files`,
          },
        ];
  });
  const [before = 0, after = before] = [olds.volsize, news.volsize];
  if (after < before) {
    refusals.push({
      property: "volsize",
      reason: `is ${before} and cannot become ${after}: ZFS would cut off the end of it without a word, whatever is there. Declare a second volume and copy the data`,
    });
  }
  return refusals;
}

/** Whether it stood there before us. */
function claim(inputs: ZfsDatasetInputs, found: Dataset | undefined): boolean {
  if (found === undefined) return false;
  const { dataset, host, type } = inputs;
  // With the pool's name that of each dataset has changed, too.
  const wasRenamed =
    inputs.adopt && found.owner && isOfSameSite(found.owner, inputs.owner);
  if (found.owner !== undefined && found.owner !== inputs.owner && !wasRenamed)
    throw held(inputs, found.owner);
  if (found.type !== type) {
    throw new UserError(
      `${dataset} on host "${host}" is a ${found.type} and ${type} is declared. Choose another path`,
    );
  }
  if (found.owner === inputs.owner || wasRenamed) return found.adopted;
  const share = shares.find(
    (key) => (found.properties.get(key)?.value ?? "off") !== "off",
  );
  if (inputs.adopt && share) {
    throw new UserError(
      `${dataset} on host "${host}" exports itself by ${share}, which clients would lose. Export it by a resource, then "zfs set ${share}=off" there`,
    );
  }
  if (inputs.adopt) return true;
  throw new UserError(
    `${dataset} stands on host "${host}" (${found.type}, guid ${found.guid}) and carries no mark of this site. Choose another path, or set adopt: true to take it over as it is`,
  );
}

function held({ dataset, host }: ZfsDatasetInputs, owner: string): UserError {
  return new UserError(
    `${dataset} on host "${host}" belongs to "${owner}". Choose another path`,
  );
}

function outputsOf(
  found: Dataset,
  inputs: ZfsDatasetInputs & Partial<ZfsDatasetOutputs>,
): ZfsDatasetOutputs {
  // What is imported stood there before.
  const adopted = found.owner ? found.adopted : (inputs.adopted ?? true);
  return { guid: found.guid, adopted, mark: markFrom(inputs, found.owner) };
}

async function inputsFrom(
  { machine, signal }: Work,
  inputs: ZfsDatasetInputs & Partial<ZfsDatasetOutputs>,
  found: Dataset,
  guid: string,
): Promise<ZfsDatasetInputs> {
  const owner = markFrom(inputs, found.owner);
  return {
    ...inputs,
    // Without the mark it is nobody's until the next update.
    owner: found.owner ?? "",
    // One that was lost, and is there again.
    remake: inputs.remake?.lost ? undefined : inputs.remake,
    type: found.type === "volume" ? "volume" : "filesystem",
    properties: propertiesFrom(inputs.properties, found),
    volsize: inputs.volsize === undefined ? undefined : found.volsize,
    snapshots:
      inputs.snapshots &&
      (await readTimer(machine, { ...inputs, owner }, guid, signal)),
  };
}
