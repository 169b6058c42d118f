import type { HostWorld } from "../../world";
import { Failure } from "../options";
import { importedPools, type Pool } from "../pool";
import { type Dataset, splitName } from "./dataset";

export interface Found {
  pool: Pool;
  path: string;
  dataset: Dataset;
  name: string;
}

export function findDataset(world: HostWorld, name: string): Found | undefined {
  const [poolName, path] = splitName(name);
  const pool = importedPools(world).find((item) => item.name === poolName);
  const dataset = pool?.datasets[path];
  return pool && dataset && { pool, path, dataset, name };
}

export function mustFind(world: HostWorld, name: string): Found {
  const found = findDataset(world, name.replace(/^\/+/, ""));
  if (found === undefined)
    throw new Failure(`cannot open '${name}': dataset does not exist`);
  return found;
}

/** What is wrong with a name, or undefined. */
export function nameProblem(name: string): string | undefined {
  const bad = /[^A-Za-z0-9_.: /@-]/.exec(name)?.[0];
  if (bad !== undefined) return `invalid character '${bad}' in name`;
  if (name.startsWith("/")) return "leading slash in name";
  if (name.endsWith("/")) return "trailing slash in name";
  if (name.includes("//"))
    return "empty component or misplaced '@' or '#' delimiter in name";
  if (name.length > 255) return "name is too long";
  return undefined;
}
