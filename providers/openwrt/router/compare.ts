import { isDeepStrictEqual } from "node:util";
import { uciValues } from "../uci/difference";
import type { FoundSection, Section } from "../uci/section";
import type { Found, Plan } from "./plan";

/** Names of anonymous sections are made from their places. */
const content = ({ name, anonymous, ...section }: FoundSection) =>
  anonymous ? section : { name, ...section };

export function differsFrom(left: Found, right: Found): boolean {
  const all = (found: Found) =>
    Object.values(found).map((sections) => sections.map(content));
  return !isDeepStrictEqual(all(left), all(right));
}

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
