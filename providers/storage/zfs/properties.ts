import { z } from "zod";

export interface Property {
  value: string;
  /** Where it was set; "none": nowhere, as with what can only be read. */
  source: "local" | "default" | "inherited" | "received" | "temporary" | "none";
}

/** By name; a user property that nobody set is not among them. */
export type Properties = ReadonlyMap<string, Property>;

const sources = [
  "local",
  "default",
  "inherited",
  "received",
  "temporary",
] as const;

const properties = z.record(
  z.string(),
  z.object({ value: z.string(), source: z.object({ type: z.string() }) }),
);
const output = z.object({
  pools: z.record(z.string(), z.object({ properties })).optional(),
  datasets: z.record(z.string(), z.object({ properties })).optional(),
  vdevs: z.record(z.string(), z.object({ properties })).optional(),
});

/** By the pool's, dataset's or vdev's name, of `get -jp`. */
export function parsePropertiesJson(text: string): Map<string, Properties> {
  const { pools, datasets, vdevs } = output.parse(JSON.parse(text));
  return new Map(
    Object.entries({ ...pools, ...datasets, ...vdevs }).map(([name, item]) => [
      name,
      present(
        Object.entries(item.properties).map(([key, { value, source }]) => [
          key,
          { value, source: sourceOf(source.type) },
        ]),
      ),
    ]),
  );
}

/** The same of `get -Hp -o name,property,value,source`. */
export function parsePropertiesText(text: string): Map<string, Properties> {
  const found = new Map<string, [string, Property][]>();
  for (const line of text.split("\n")) {
    // A value may hold tabs.
    const [, name, key = "", value = "", source = ""] =
      /^([^\t]+)\t([^\t]+)\t(.*)\t([^\t]*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const items = found.get(name) ?? [];
    items.push([key, { value, source: sourceOf(source) }]);
    found.set(name, items);
  }
  return new Map([...found].map(([name, items]) => [name, present(items)]));
}

function sourceOf(text: string): Property["source"] {
  const word = text.toLowerCase().split(" ", 1)[0];
  return sources.find((source) => source === word) ?? "none";
}

function present(items: [string, Property][]): Properties {
  const isUnset = (key: string, { value, source }: Property) =>
    key.includes(":") && value === "-" && source === "none";
  return new Map(items.filter(([key, property]) => !isUnset(key, property)));
}
