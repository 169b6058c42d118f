import type { Call } from "../client";
import {
  type FoundSection,
  type Section,
  sameValue,
  toUci,
  type UciValue,
} from "./section";

export type Step =
  | { do: "rename"; section: string; name: string }
  | { do: "delete"; section: string; options?: string[] }
  | { do: "set"; section: string; values: Record<string, UciValue> }
  | {
      do: "add";
      type: string;
      name: string;
      values: Record<string, UciValue>;
    }
  | { do: "order"; sections: string[] };

export interface Difference {
  steps: Step[];
  /** For people, "wan1.metric: 99 -> 10"; never with a secret. */
  words: string[];
}

const secretOption = /pass(word|phrase)?$|key$|psk|secret/i;

/**
 * What turns the found sections into the wanted ones, and the `gone` away;
 * everything else stays untouched. `renames` are found names that become wanted ones.
 */
export function difference(
  found: readonly FoundSection[],
  wanted: readonly Section[],
  gone: readonly string[],
  renames: ReadonlyMap<string, string>,
): Difference {
  const steps: Step[] = [];
  const words: string[] = [];
  const present = new Map(
    found.map((item) => [renames.get(item.name) ?? item.name, item]),
  );
  for (const [section, name] of renames) {
    steps.push({ do: "rename", section, name });
    words.push(`${section} is called ${name}`);
  }
  for (const section of gone.filter((name) => present.has(name))) {
    steps.push({ do: "delete", section });
    words.push(`${section} goes`);
    present.delete(section);
  }
  for (const item of wanted) {
    const known = present.get(item.section);
    if (known && known.type !== item.type) {
      steps.push({ do: "delete", section: item.section });
      present.delete(item.section);
    } else if (known) change(known, item, steps, words);
  }
  // Sections that are there already would get their lists a second time.
  for (const { section: name, type, options } of wanted) {
    if (present.has(name)) continue;
    steps.push({ do: "add", type, name, values: uciValues(options) });
    words.push(`${name} is new (${type})`);
  }
  const order = wanted.map(({ section }) => section);
  const kept = [...present.keys()].filter((name) => order.includes(name));
  const added = order.filter((name) => !present.has(name));
  if ([...kept, ...added].some((name, index) => name !== order[index])) {
    steps.push({ do: "order", sections: order });
    if (
      kept.some(
        (name, index) =>
          name !== order.filter((item) => present.has(item))[index],
      )
    )
      words.push("the order of its sections");
  }
  return { steps, words };
}

function change(
  { options: had }: FoundSection,
  { section, options }: Section,
  steps: Step[],
  words: string[],
): void {
  const has = uciValues(options);
  const changed = Object.entries(has).filter(
    ([key, value]) => !sameValue(had[key], value),
  );
  const dropped = Object.keys(had).filter((key) => !(key in has));
  if (dropped.length > 0)
    steps.push({ do: "delete", section, options: dropped });
  if (changed.length > 0)
    steps.push({ do: "set", section, values: Object.fromEntries(changed) });
  for (const key of [...changed.map(([name]) => name), ...dropped]) {
    words.push(
      `${section}.${key}: ${told(key, had[key])} -> ${told(key, has[key])}`,
    );
  }
}

export function uciValues(
  options: Section["options"],
): Record<string, UciValue> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, toUci(value)]),
  );
}

export function told(option: string, value: UciValue | undefined): string {
  if (value === undefined) return "none";
  if (secretOption.test(option)) return "[secret]";
  return typeof value === "string" ? value : value.join(" ");
}

export function toCall(config: string, step: Step): Call {
  const { do: method, ...args } = step;
  return { object: "uci", method, args: { config, ...args } };
}
