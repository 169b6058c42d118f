import { UserError } from "../../dynamic/failure";
import type { Refusal } from "../../dynamic/kind";
import { same } from "../../dynamic/values";
import type { Disk, VirtualMachineInputs } from "./model";

type Inputs = VirtualMachineInputs;

/** Of the changed inputs those for which PVE has no path in place. */
export function replacing(
  olds: Inputs & { vmNumber?: number },
  news: Inputs,
  changed: readonly (keyof Inputs)[],
): (keyof Inputs)[] {
  const replaced = (["host", "source", "vmId"] as const).filter((key) => {
    if (!changed.includes(key)) return false;
    if (key === "host") return !sameCluster(olds, news);
    if (key === "source") return !same(contents(olds), contents(news));
    return typeof news.vmId === "number" && news.vmId !== olds.vmNumber;
  });
  const why = holds(olds);
  // Only here the id that the guest really has is known.
  if (replaced.includes("vmId") && why) {
    throw new UserError(
      `Unable to change vmId of VirtualMachine "${news.name}" to ${news.vmId}: ${reason(why)}`,
    );
  }
  return replaced;
}

/** Why the guest must not be replaced, if so. */
function holds({ disks, protection }: Inputs): string | undefined {
  const kept = Object.entries(disks ?? {}).filter(
    ([, disk]) => disk.onDestroy === "keep",
  );
  if (kept.length === 0) return protection ? "it is protected" : undefined;
  return `${kept.map(([slot]) => slot).join(", ")} of this one is marked keep`;
}

function reason(why: string): string {
  return `cannot change: it would make another guest, and ${why}. Restore the value, or move the data first`;
}

function sameCluster(olds: Inputs, news: Inputs): boolean {
  return news.cluster !== undefined && olds.cluster === news.cluster;
}

/** What the guest was made of; how and where from it was made matters only then. */
function contents({ source }: Inputs): string {
  return "template" in source ? source.template : source.image;
}

/** What no update can do, told at preview with the way round it. */
export function refusals(olds: Inputs, news: Inputs): Refusal[] {
  return [
    ...Object.entries(news.disks).flatMap(([slot, disk]) => {
      const before = olds.disks[slot];
      return before ? refuseDisk(`disks.${slot}`, before, disk) : [];
    }),
    ...refuseState(olds, news),
    ...refuseReplacement(olds, news),
  ];
}

function refuseDisk(property: string, before: Disk, disk: Disk): Refusal[] {
  const found: Refusal[] = [];
  if (disk.size < before.size) {
    found.push({
      property: `${property}.size`,
      reason: `cannot shrink from ${before.size} to ${disk.size} GiB. Keep the size, or make a new disk in another slot and copy the data`,
    });
  }
  if (disk.importFrom && disk.importFrom !== before.importFrom) {
    found.push({
      property: `${property}.importFrom`,
      reason:
        "cannot change what the disk was made of. Make a new disk in another slot, or remove this one first",
    });
  }
  return found;
}

function refuseState(olds: Inputs, news: Inputs): Refusal[] {
  const found: Refusal[] = [];
  const keys = ({ efiDisk }: Inputs) => efiDisk?.preEnrolledKeys ?? false;
  if (olds.efiDisk && news.efiDisk && keys(olds) !== keys(news)) {
    found.push({
      property: "efiDisk.preEnrolledKeys",
      reason:
        "cannot change in place: it is a new set of firmware variables. Remove efiDisk, run up, and declare it again",
    });
  }
  const version = ({ tpm }: Inputs) => tpm?.version ?? "v2.0";
  if (olds.tpm && news.tpm && version(olds) !== version(news)) {
    found.push({
      property: "tpm.version",
      reason:
        "cannot change in place: what the guest has sealed with its TPM would be lost. Remove tpm, run up, and declare it again",
    });
  }
  return found;
}

function refuseReplacement(olds: Inputs, news: Inputs): Refusal[] {
  const why = holds(olds);
  if (why === undefined) return [];
  const changed = (["host", "source"] as const).filter(
    (key) => !same(olds[key], news[key]),
  );
  return replacing(olds, news, changed).map((property) => ({
    property,
    reason: reason(why),
  }));
}
