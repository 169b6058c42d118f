import { z } from "zod";
import type { FoundSection, Section, UciValue } from "../uci/section";

/** A section that was there before us, as it was. */
export interface Former {
  type: string;
  options: Record<string, UciValue>;
}

/** What the router itself carries of us, in /etc/config/system. */
export interface Mark {
  owner: string;
  /** Another one with each apply: tells a boot guard what was confirmed. */
  apply: string;
  /** "network.wan1" */
  owns: string[];
  before: Record<string, Former>;
}

export const markName = "hybrid_site";

const former = z.record(
  z.string(),
  z.object({
    type: z.string(),
    options: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  }),
);

export function readMark(system: readonly FoundSection[]): Mark | undefined {
  const found = system.find(({ name }) => name === markName);
  if (typeof found?.options.owner !== "string") return undefined;
  const { owner, apply = "", owns = [], before = "{}" } = found.options;
  return {
    owner,
    apply: String(apply),
    owns: typeof owns === "string" ? [owns] : [...owns],
    before: parseBefore(String(before)),
  };
}

export function markSection({ owner, apply, owns, before }: Mark): Section {
  return {
    section: markName,
    type: markName,
    options: {
      owner,
      apply,
      ...(owns.length > 0 ? { owns } : {}),
      ...(Object.keys(before).length > 0
        ? { before: JSON.stringify(before) }
        : {}),
    },
  };
}

/** What somebody has broken by hand restores nothing. */
function parseBefore(text: string): Record<string, Former> {
  try {
    return former.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
