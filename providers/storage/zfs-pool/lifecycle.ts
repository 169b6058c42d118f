import type { EngineWatch } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import { handler } from "../../dynamic/handler";
import type { Kind } from "../../dynamic/kind";
import { ownerProperty } from "../mark";
import { alone, type Place, placeOn } from "../place";
import type { Pool } from "../zfs/pool";
import { apply, type Before } from "./apply";
import { obtain } from "./create";
import { refuseOtherDisks } from "./identity";
import { withLabels } from "./labels";
import { missing } from "./missing";
import {
  parse,
  schema,
  type ZfsPoolInputs,
  type ZfsPoolOutputs,
} from "./model";
import { observe, outputsOf, rootKeys, tellDrift, tellState } from "./observe";
import { ownerIn, wasRenamed } from "./owner";
import { refusals } from "./refusals";
import { remove } from "./remove";
import { howToRename } from "./rename";
import { incoming, settled } from "./resilver";

const day = 24 * 60 * 60;

const kind: Kind<ZfsPoolInputs, ZfsPoolOutputs> = {
  token: "storage:ZfsPool",
  schema,
  parse,
  // A resilver of large disks takes days.
  timeouts: { create: 600, read: 120, update: 3 * day, delete: 600 },
  impacts: {
    owner: "none",
    host: "outage",
    name: "outage",
    vdevs: "none",
    spares: "none",
    ashift: "none",
    properties: "none",
    dataset: "none",
    // What is mounted below it goes for a moment.
    mountpoint: "outage",
    canmount: "outage",
    replace: "none",
    add: "none",
    labels: "none",
    adopt: "none",
    destroy: "none",
    timeouts: "none",
  },

  wording: ["labels"],

  worded: (text, known) =>
    withLabels(text, Object.assign({}, ...known.map(({ labels }) => labels))),

  refuse: refusals,

  async create(inputs, operation) {
    const place = placeOn(operation, inputs.host);
    const { pool, wasThere } = await alone(place, (there) =>
      obtain(there, inputs),
    );
    const id = pool.guid;
    operation.exists(id, outputsOf(pool));
    const outputs = wasThere
      ? await converge(place, id, inputs)
      : outputsOf(pool);
    return { id, outputs };
  },

  async read(id, inputs, operation) {
    const place = placeOn(operation, inputs.host);
    const pools = await place.zfs.pools();
    const pool = pools.find(({ guid }) => guid === id);
    if (pool === undefined) return missing(place, id, inputs, pools);
    if (pool.name !== inputs.name) {
      operation.tell(
        `is called "${pool.name}" on host "${inputs.host}" by now: somebody renamed it. All that is in it is there`,
      );
    }
    tellState(operation.tell, pool, inputs.disks);
    const now = await observe(place, inputs, pool, inputs.disks);
    tellDrift(operation.tell, inputs, now);
    return { inputs: now, outputs: outputsOf(pool) };
  },

  async update(id, olds, news, operation) {
    const place = placeOn(operation, news.host);
    return converge(place, id, news, { inputs: olds, disks: olds.disks });
  },

  async delete(id, inputs, operation) {
    const place = placeOn(operation, inputs.host);
    await alone(place, (there) => remove(there, id, inputs));
  },
};

export const provider = (engine: EngineWatch) => handler(kind, engine);

/** Changes the pool, waits while it moves data, and looks again. */
async function converge(
  place: Place,
  guid: string,
  inputs: ZfsPoolInputs,
  before?: Before,
): Promise<ZfsPoolOutputs> {
  const { tell, exists } = place.operation;
  for (;;) {
    const { pool, isMoving } = await alone(place, (there) =>
      change(there, guid, inputs, before),
    );
    exists(guid, outputsOf(pool));
    const declared = inputs.vdevs.flatMap(({ disks }) => disks);
    const isWaiting = incoming(pool).some((disk) => declared.includes(disk));
    if (!isMoving && !isWaiting) {
      tellState(tell, pool, before?.disks);
      return outputsOf(pool);
    }
    await settled(place, guid);
  }
}

/** Everything that can be done at once. */
async function change(
  place: Place,
  guid: string,
  inputs: ZfsPoolInputs,
  before: Before | undefined,
): Promise<{ pool: Pool; isMoving: boolean }> {
  const pool = await find(place, guid, inputs);
  const root = await place.zfs.datasetProperties(pool.name, [
    ownerProperty,
    ...rootKeys,
  ]);
  const owner = ownerIn(root);
  const known = [inputs.owner, before?.inputs.owner, undefined];
  if (!known.includes(owner) && !wasRenamed(inputs, guid, owner)) {
    throw new UserError(
      `the pool belongs to "${owner}" by now, whose it stays. Forget it here with "pulumi state delete"`,
    );
  }
  refuseOtherDisks(pool, before?.disks);
  const { hasChanged, isMoving } = await apply(
    place,
    pool,
    root,
    inputs,
    before,
  );
  return {
    pool: hasChanged ? await find(place, guid, inputs) : pool,
    isMoving,
  };
}

async function find(
  { zfs }: Place,
  guid: string,
  { name, host }: ZfsPoolInputs,
): Promise<Pool> {
  const pools = await zfs.pools();
  const pool = pools.find((item) => item.guid === guid);
  if (pool?.name === name) return pool;
  const other = pools.find((item) => item.name === name);
  const what = pool
    ? `the pool with GUID ${guid} is called "${pool.name}" now`
    : `no pool with GUID ${guid} is imported on host "${host}"`;
  const beside = other
    ? `, and "${name}" is another one, with GUID ${other.guid}`
    : "";
  const back =
    pool && !other
      ? `To give it its name back, ${howToRename(pool.name, name)}`
      : 'Run "pulumi refresh" to see what there is';
  throw new UserError(`${what}${beside}. Nothing was changed. ${back}`);
}
