import { type Healths, isSuspended } from "../health";
import type { Pool } from "../pool";
import { isScanning } from "../scan";
import { everyVdev, leavesOf } from "../tree";

export interface Reason {
  status: string;
  action: string;
  /** Of the page that explains it. */
  message?: string;
}

const missing = {
  status: (enough: boolean) =>
    enough
      ? "One or more devices could not be opened.  Sufficient replicas exist for\n\tthe pool to continue functioning in a degraded state.\n"
      : "One or more devices could not be opened.  There are insufficient\n\treplicas for the pool to continue functioning.\n",
  action: "Attach the missing device and online it using 'zpool online'.\n",
};
const label = (enough: boolean) =>
  enough
    ? "One or more devices could not be used because the label is missing or\n\tinvalid.  Sufficient replicas exist for the pool to continue\n\tfunctioning in a degraded state.\n"
    : "One or more devices could not be used because the label is missing \n\tor invalid.  There are insufficient replicas for the pool to continue\n\tfunctioning.\n";

/** Undefined: all is well; in the order in which ZFS looks. */
export function reasonOf(pool: Pool, health: Healths): Reason | undefined {
  const leaves = leavesOf(pool.root);
  const states = leaves.map((leaf) => health.get(leaf.guid));
  const enough = health.get(pool.root.guid)?.state !== "CANT_OPEN";
  const has = (state: string, aux?: string) =>
    states.some(
      (item) =>
        item?.state === state && (aux === undefined || item.aux === aux),
    );
  if (isScanning(pool, "RESILVER"))
    return {
      status:
        "One or more devices is currently being resilvered.  The pool will\n\tcontinue to function, possibly in a degraded state.\n",
      action: "Wait for the resilver to complete.\n",
    };
  if (isSuspended(pool, health))
    return {
      status: "One or more devices are faulted in response to IO failures.\n",
      action:
        "Make sure the affected devices are connected, then run 'zpool clear'.\n",
      message: "ZFS-8000-HC",
    };
  if (has("FAULTED"))
    return {
      status: `One or more devices are faulted in response to persistent errors.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n`,
      action:
        "Replace the faulted device, or use 'zpool clear' to mark the device\n\trepaired.\n",
    };
  if (has("CANT_OPEN", "OPEN_FAILED"))
    return {
      status: missing.status(enough),
      action: missing.action,
      message: enough ? "ZFS-8000-2Q" : "ZFS-8000-3C",
    };
  if (has("CANT_OPEN", "CORRUPT_DATA"))
    return {
      status: label(enough),
      action: "Replace the device using 'zpool replace'.\n",
      message: enough ? "ZFS-8000-4J" : "ZFS-8000-5E",
    };
  if (has("OFFLINE"))
    return {
      status:
        "One or more devices has been taken offline by the administrator.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n",
      action:
        "Online the device using 'zpool online' or replace the device with\n\t'zpool replace'.\n",
    };
  if (has("REMOVED"))
    return {
      status:
        "One or more devices has been removed by the administrator.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n",
      action:
        "Online the device using zpool online' or replace the device with\n\t'zpool replace'.\n",
    };
  return undefined;
}

/** Those whose disk was not there and is named by its GUID. */
export function hasAbsent(pool: Pool): boolean {
  return [...everyVdev(pool.root)].some(({ notPresent }) => notPresent);
}
