import { type Dataset, isAsDeclared, shares } from "./dataset";
import { canonical, managed } from "./managed";
import type { ZfsDatasetInputs } from "./model";

export interface Plan {
  /** "key=value", for `zfs set`. */
  set: string[];
  /** Keys for `zfs inherit`. */
  inherit: string[];
  /** A size in bytes, for a volume that grows. */
  grow?: number;
  /** Why nothing of it may be done. */
  refusals: string[];
}

/** What makes the dataset as declared, and takes back what `olds` had set. */
export function planOf(
  found: Dataset,
  news: ZfsDatasetInputs,
  olds?: ZfsDatasetInputs,
): Plan {
  const plan: Plan = { set: [], inherit: [], refusals: [] };
  const { properties: wanted = {}, volsize } = news;
  for (const [key, value] of Object.entries(wanted)) {
    const stands = found.properties.get(key);
    if (isAsDeclared(key, value, stands)) continue;
    if (managed[key]?.isFixed) {
      plan.refusals.push(
        `${key} is ${stands?.value ?? "not known"} and ${value} is declared: ZFS sets it at creation only. Declare what is there, or make another dataset and copy the data ("zfs send" keeps ${key}, so copy the files)`,
      );
    } else plan.set.push(`${key}=${canonical(key, value)}`);
  }
  for (const key of Object.keys(olds?.properties ?? {})) {
    const isOurs = key in wanted || managed[key]?.isFixed;
    if (isOurs || !(key in managed)) continue;
    const { unset } = managed[key] ?? {};
    const stands = found.properties.get(key);
    if (unset === undefined) {
      if (stands?.source === "local") plan.inherit.push(key);
    } else if (!isAsDeclared(key, unset, stands)) {
      // ZFS inherits none of these.
      plan.set.push(`${key}=${unset}`);
    }
  }
  for (const key of shares) {
    const stands = found.properties.get(key);
    if (stands === undefined || stands.value === "off") continue;
    if (stands.source === "local") plan.inherit.push(key);
    else if (stands.source === "inherited") plan.refusals.push(shared(key));
  }
  if (volsize === undefined || found.volsize === undefined) return plan;
  if (volsize > found.volsize) plan.grow = volsize;
  if (volsize < found.volsize) {
    plan.refusals.push(
      `volsize is ${found.volsize} and ${volsize} is declared: ZFS would cut off the end of it, whatever is there. Declare at least ${found.volsize}`,
    );
  }
  return plan;
}

export function shared(key: string): string {
  return `it would inherit ${key} and ZFS would export it to everybody beside what is declared. Run "zfs set ${key}=off" on the dataset above it`;
}

export function isDone({ set, inherit, grow }: Plan): boolean {
  return set.length + inherit.length === 0 && grow === undefined;
}
