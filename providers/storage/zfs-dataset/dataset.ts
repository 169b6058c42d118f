import { adoptedSuffix } from "../../dynamic/owner";
import { HostError } from "../../host/client/errors";
import { ownerProperty } from "../mark";
import type { Zfs } from "../zfs/client";
import type { Properties, Property } from "../zfs/properties";
import { canonical, managed } from "./managed";
import type { ZfsDatasetInputs } from "./model";

export interface Dataset {
  guid: string;
  type: string;
  /** Undefined: nobody's. */
  owner?: string;
  adopted: boolean;
  mounted: boolean;
  volsize?: number;
  properties: Properties;
}

export const shares = ["sharenfs", "sharesmb"] as const;

/** Undefined: there is none. */
export async function readDataset(
  zfs: Zfs,
  dataset: string,
): Promise<Dataset | undefined> {
  const keys = [
    ...["guid", "type", "mounted", "volsize", ownerProperty],
    ...shares,
    ...Object.keys(managed),
  ];
  const properties = await zfs
    .datasetProperties(dataset, keys)
    .catch(isMissing(/dataset does not exist/));
  const guid = properties?.get("guid")?.value;
  if (properties === undefined || guid === undefined) return undefined;
  const mark = properties.get(ownerProperty);
  const owner = mark?.source === "local" ? mark.value : undefined;
  const volsize = properties.get("volsize")?.value ?? "-";
  return {
    guid,
    type: properties.get("type")?.value ?? "",
    owner: owner?.replace(adoptedSuffix, ""),
    adopted: owner?.endsWith(adoptedSuffix) ?? false,
    mounted: properties.get("mounted")?.value === "yes",
    volsize: volsize === "-" ? undefined : Number(volsize),
    properties,
  };
}

/** Undefined: no such pool is imported. */
export async function poolGuid(
  zfs: Zfs,
  pool: string,
): Promise<string | undefined> {
  const found = await zfs
    .poolProperties(pool, ["guid"])
    .catch(isMissing(/no such pool/));
  return found?.get("guid")?.value;
}

function isMissing(pattern: RegExp) {
  return (error: unknown): undefined => {
    if (error instanceof HostError && pattern.test(error.stderr)) return;
    throw error;
  };
}

export function formatOwnerMark(owner: string, adopted: boolean): string {
  return `${ownerProperty}=${owner}${adopted ? adoptedSuffix : ""}`;
}

/** Whether a property is as declared: with that value, and set here. */
export function isAsDeclared(
  key: string,
  value: string,
  found: Property | undefined,
): boolean {
  return (
    found !== undefined &&
    canonical(key, value) === canonical(key, found.value) &&
    (found.source === "local" || !isInheritable(key))
  );
}

function isInheritable(key: string): boolean {
  const { isFixed, unset } = managed[key] ?? {};
  return !isFixed && unset === undefined;
}

/** The declared inputs as the machine has them; what it exports by itself is seen, too. */
export function propertiesFrom(
  declared: ZfsDatasetInputs["properties"],
  { properties }: Dataset,
): ZfsDatasetInputs["properties"] {
  const actual: Record<string, string> = {};
  for (const [key, value] of Object.entries(declared ?? {})) {
    const found = properties.get(key);
    if (isAsDeclared(key, value, found)) actual[key] = value;
    else if (found && (found.source === "local" || !isInheritable(key)))
      actual[key] = found.value;
  }
  for (const key of shares) {
    const found = properties.get(key);
    if (found?.source === "local" && found.value !== "off")
      actual[key] = found.value;
  }
  return declared === undefined && Object.keys(actual).length === 0
    ? undefined
    : actual;
}
