import type { Dataset, Site } from "../manifest";

export interface DatasetPlan {
  host: string;
  /** Of a resource: the dataset's own with hyphens. */
  name: string;
  /** "tank/shares/media" */
  dataset: string;
  pool: string;
  /** The dataset that it lies in, where that is declared too. */
  parent?: string;
  type: "filesystem" | "volume";
  /** As ZFS says them. */
  properties: Record<string, string>;
  /** Bytes. */
  volsize?: number;
  snapshots?: { schedule: string; keep: number };
  /** A pool is taken over with the datasets that it has. */
  adopt?: true;
  remake?: Dataset["remake"];
}

/** Parents before what lies in them. */
export function datasetsOf({ storage }: Site): DatasetPlan[] {
  if (storage === undefined) return [];
  const { pools, datasets } = storage;
  const depth = ({ name }: Dataset) => name.split("/").length;
  return [...datasets]
    .sort((left, right) => depth(left) - depth(right))
    .map((dataset) => {
      const { name, volume, snapshots, remake } = dataset;
      const [pool = ""] = name.split("/");
      const parent = name.slice(0, name.lastIndexOf("/"));
      const own = pools.find((item) => item.name === pool);
      return {
        host: own?.host ?? "",
        name: resourceName(name),
        dataset: name,
        pool,
        ...(parent !== pool && { parent }),
        type: volume === undefined ? "filesystem" : "volume",
        properties: propertiesOf(dataset),
        ...(volume !== undefined && { volsize: volume }),
        ...(snapshots && { snapshots }),
        ...(own?.adopt && { adopt: true as const }),
        ...(remake && { remake }),
      };
    });
}

/** Different for datasets that differ in a slash and a hyphen only. */
function resourceName(dataset: string): string {
  return dataset.replaceAll("-", "--").replaceAll("/", "-");
}

function propertiesOf({
  quota,
  reservation,
  properties = {},
}: Dataset): Record<string, string> {
  const all = { ...properties, quota, reservation };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, textOf(value)]),
  );
}

function textOf(value: string | number | boolean | undefined): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return `${value}`;
}

/** Where a file system is mounted, by its own property or its parents'. */
export function mountpointOf({ storage }: Site, dataset: string): string {
  const own = storage?.datasets.find(({ name }) => name === dataset)?.properties
    ?.mountpoint;
  if (own !== undefined) return own;
  const at = dataset.lastIndexOf("/");
  if (at < 0) return `/${dataset}`;
  const above = mountpointOf({ storage } as Site, dataset.slice(0, at));
  return above === "none" ? "none" : `${above}/${dataset.slice(at + 1)}`;
}
