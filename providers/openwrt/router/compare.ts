import { isDeepStrictEqual } from "node:util";
import { uciValues } from "../uci/difference";
import type { FoundSection, Section } from "../uci/section";
import type { Found, Plan } from "./plan";

/** Places at which the files do not say what was planned. */
export function unlike(found: Found, { wanted }: Plan): string[] {
  return wanted.flatMap(({ config, sections }) => {
    const has = found[config];
    const names = new Set(sections.map(({ section }) => section));
    const order = has.map(({ name }) => name).filter((name) => names.has(name));
    const isOrdered = order.every(
      (name, index) => name === sections[index]?.section,
    );
    return [
      ...sections
        .filter((item) => !stands(item, has))
        .map((item) => `${config}.${item.section}`),
      ...(isOrdered ? [] : [`the order of ${config}`]),
    ];
  });
}

function stands(
  { section, type, options }: Section,
  has: readonly FoundSection[],
): boolean {
  const item = has.find(({ name }) => name === section);
  return (
    item?.type === type && isDeepStrictEqual(item.options, uciValues(options))
  );
}
