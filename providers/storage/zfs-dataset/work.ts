import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { HostError } from "../../host/client/errors";
import type { Words } from "../../host/client/machine";
import { ownerProperty } from "../mark";
import { onHost, type Place } from "../place";
import {
  type Dataset,
  formatOwnerMark,
  poolGuid,
  readDataset,
  shares,
} from "./dataset";
import { canonical } from "./managed";
import type { ZfsDatasetInputs } from "./model";
import { isDone, planOf, shared } from "./plan";
import { filesOf } from "./snapshots";
import {
  installTimer,
  lookAtTimer,
  refuseOthersTimer,
  removeTimer,
} from "./timer";

/** What one operation works with on the machine. */
export interface Work extends Place {
  /** Runs what changes the machine. */
  act(words: Words): Promise<unknown>;
  beforeWrite(): Promise<void>;
}

export function session<T>(
  operation: Operation,
  { host }: ZfsDatasetInputs,
  run: (work: Work) => Promise<T>,
  mode?: "writing" | "looking",
): Promise<T> {
  return onHost(operation, host, (place) => run(workOf(place)), mode);
}

function workOf(place: Place): Work {
  const { machine, signal, operation } = place;
  const { beforeWrite } = operation;
  return {
    ...place,
    beforeWrite,
    async act(words) {
      await beforeWrite();
      return machine.run(words, { signal });
    },
  };
}

export function findPool(
  { zfs }: Work,
  { dataset }: ZfsDatasetInputs,
): Promise<string | undefined> {
  return poolGuid(zfs, poolIn(dataset));
}

/** A name says little: another pool may have it by now. */
export async function requirePool(
  work: Work,
  inputs: ZfsDatasetInputs,
): Promise<void> {
  const pool = poolIn(inputs.dataset);
  const now = await nameOfPool(work, inputs);
  if (now === pool) return;
  throw new UserError(
    `pool ${pool} (guid ${inputs.poolGuid}) is called ${now} on host "${inputs.host}" by now. Give it its name back ("pulumi refresh" says how), or declare it by the new one`,
  );
}

/** What the pool is called now: one that somebody renamed is the same one. */
export async function nameOfPool(
  work: Work,
  inputs: ZfsDatasetInputs,
): Promise<string> {
  const { host, dataset, poolGuid: meant } = inputs;
  const pool = poolIn(dataset);
  const guid = await findPool(work, inputs);
  if (guid === meant) return pool;
  const pools = await work.zfs.pools();
  const renamed = pools.find((item) => item.guid === meant);
  if (renamed) return renamed.name;
  throw new UserError(
    guid === undefined
      ? `pool ${pool} (guid ${meant}) is not imported on host "${host}". Import it ("zpool import" lists what is there)`
      : `pool ${pool} on host "${host}" has guid ${guid}, and ${meant} is meant: another pool has the name. Import the right one, or correct poolGuid`,
  );
}

function poolIn(dataset: string): string {
  return dataset.split("/", 1)[0] ?? "";
}

/** The same place in a pool of that name. */
export function inPool(pool: string, dataset: string): string {
  return `${pool}${dataset.slice(poolIn(dataset).length)}`;
}

/** Where a dataset of that GUID is now, if anywhere in the pool. */
export async function renamedTo(
  { machine, signal }: Work,
  pool: string,
  guid: string,
): Promise<string | undefined> {
  const { stdout } = await machine.run(
    [
      ...["zfs", "list", "-H", "-p", "-r"],
      ...["-t", "filesystem,volume", "-o", "name,guid", pool],
    ] as unknown as Words,
    { signal, looks: true },
  );
  const line = stdout.split("\n").find((item) => item.endsWith(`\t${guid}`));
  return line?.split("\t")[0];
}

export async function make(
  work: Work,
  inputs: ZfsDatasetInputs,
): Promise<Dataset> {
  const { dataset, host, owner, type, volsize, properties = {} } = inputs;
  await refuseParent(work, inputs);
  const options = [
    formatOwnerMark(owner, false),
    ...Object.entries(properties).map(
      ([key, value]) => `${key}=${canonical(key, value)}`,
    ),
  ].flatMap((item) => ["-o", item]);
  const size = type === "volume" ? ["-V", `${volsize}`] : [];
  const failure = await work
    .act(["zfs", "create", ...size, ...options, dataset])
    .then(() => undefined)
    .catch((error: unknown) => {
      if (error instanceof HostError && error.kind === "exit") return error;
      throw error;
    });
  const made = await readDataset(work.zfs, dataset);
  // It may have been made and not mounted, which is an error, too.
  if (made?.owner === owner)
    work.operation.exists(made.guid, { guid: made.guid, adopted: false });
  if (failure) throw failure;
  if (made === undefined) {
    throw new UserError(
      `"zfs create" said nothing, but ${dataset} is not on host "${host}". Look at its log (journalctl -k, zpool history)`,
    );
  }
  return made;
}

async function refuseParent(
  { zfs, machine, signal }: Work,
  { dataset, host, type, properties = {} }: ZfsDatasetInputs,
): Promise<void> {
  const parent = dataset.slice(0, dataset.lastIndexOf("/"));
  const above = await readDataset(zfs, parent);
  if (above === undefined) {
    throw new UserError(
      `${parent} is not there on host "${host}", so ${dataset} cannot be made. Declare it, too, and let this one depend on it`,
    );
  }
  if (type === "volume") return;
  for (const key of shares) {
    if ((above.properties.get(key)?.value ?? "off") !== "off")
      throw new UserError(`${dataset} on host "${host}": ${shared(key)}`);
  }
  const inherited = above.properties.get("mountpoint")?.value ?? "none";
  const leaf = dataset.slice(parent.length);
  const path =
    properties.mountpoint ??
    (inherited.startsWith("/") ? `${inherited}${leaf}` : "none");
  if (!path.startsWith("/") || (properties.canmount ?? "on") !== "on") return;
  const names = (await machine.list(path, signal)) ?? [];
  if (names.length > 0) {
    throw new UserError(
      `${path} on host "${host}" is not empty (${names.slice(0, 5).join(", ")}), and a mount would hide that. Move it away, or declare another mountpoint`,
    );
  }
}

/** From what is there to what is declared, by the least. */
export async function converge(
  work: Work,
  inputs: ZfsDatasetInputs,
  found: Dataset,
  adopted: boolean,
  olds?: ZfsDatasetInputs,
): Promise<void> {
  const { act } = work;
  const { dataset, host, owner } = inputs;
  const plan = planOf(found, inputs, olds);
  if (plan.refusals.length > 0) {
    throw new UserError(
      `${dataset} on host "${host}": ${plan.refusals.join("; ")}`,
    );
  }
  const { name, snapshots } = inputs;
  const timer =
    snapshots && (await lookAtTimer(work.machine, name, work.signal));
  if (timer) refuseOthersTimer(timer, inputs, [owner, olds?.owner]);
  if (found.owner !== owner) await mark(work, inputs, adopted);
  // First: a reservation may need it.
  if (plan.grow !== undefined)
    await act(["zfs", "set", `volsize=${plan.grow}`, dataset]);
  if (plan.set.length > 0) await act(["zfs", "set", ...plan.set, dataset]);
  for (const key of plan.inherit) await act(["zfs", "inherit", key, dataset]);
  // Files are called by the name.
  if (olds?.snapshots && (!snapshots || olds.name !== name))
    await removeTimer(work, olds.name, olds.owner);
  if (snapshots && timer) {
    const files = filesOf(inputs, snapshots, found.guid);
    await installTimer(work, files, name, timer);
  }
  const now = isDone(plan)
    ? found
    : await verify(work, inputs, found.guid, olds);
  await mount(work, inputs, now);
}

/** `zfs set` ends with 0 where it has set nothing, too. */
async function verify(
  { zfs }: Work,
  inputs: ZfsDatasetInputs,
  guid: string,
  olds?: ZfsDatasetInputs,
): Promise<Dataset> {
  const { dataset, host } = inputs;
  const now = await readDataset(zfs, dataset);
  if (now?.guid !== guid) {
    throw new UserError(
      `${dataset} on host "${host}" went away meanwhile. Run "pulumi refresh", then "pulumi up"`,
    );
  }
  const left = planOf(now, inputs, olds);
  const missing = [...left.refusals, ...left.set, ...left.inherit];
  if (left.grow !== undefined) missing.push(`volsize=${left.grow}`);
  if (missing.length > 0) {
    throw new UserError(
      `${dataset} on host "${host}" did not take ${missing.join(", ")}, and ZFS said nothing about it. Look with "zfs get all ${dataset}"`,
    );
  }
  return now;
}

async function mount(
  { act }: Work,
  { dataset }: ZfsDatasetInputs,
  { type, mounted, properties }: Dataset,
): Promise<void> {
  const isMeant =
    type === "filesystem" &&
    properties.get("canmount")?.value === "on" &&
    properties.get("mountpoint")?.value.startsWith("/");
  if (isMeant && !mounted) await act(["zfs", "mount", dataset]);
}

/** Undefined: nobody's again. */
export async function mark(
  { act }: Work,
  { dataset, owner }: ZfsDatasetInputs,
  adopted: boolean | undefined,
): Promise<void> {
  await act(
    adopted === undefined
      ? ["zfs", "inherit", ownerProperty, dataset]
      : ["zfs", "set", formatOwnerMark(owner, adopted), dataset],
  );
}
