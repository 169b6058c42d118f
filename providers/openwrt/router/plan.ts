import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../dynamic/failure";
import { difference, type Step } from "../uci/difference";
import { identity } from "../uci/identity";
import {
  type Config,
  configs,
  type FoundSection,
  type Section,
} from "../uci/section";
import { type Former, type Mark, markName, markSection } from "./mark";
import type { RouterInputs } from "./model";

export type Found = Record<Config | "system", FoundSection[]>;

export interface Plan {
  steps: { config: Config | "system"; step: Step }[];
  /** "network.wan1.metric: 99 -> 10" */
  words: string[];
  /** Sections as they are to stand afterwards, for each file that is touched. */
  wanted: { config: Config | "system"; sections: readonly Section[] }[];
  /** The mark's, if it gets one. */
  apply?: string;
}

/** What makes the router as it is declared; what others hold is refused unless adopted. */
export function planFor(
  inputs: RouterInputs,
  found: Found,
  mark: Mark | undefined,
  /** Id of the apply that is known to have proved itself; another one is made anew. */
  confirmed: string | undefined,
): Plan {
  // Sections that are nobody's may be adopted; another site's never.
  if (mark && mark.owner !== inputs.owner) {
    throw new UserError(
      `it belongs to "${mark.owner}" (system.${markName} on the router). Check that the endpoint is this site's router; to take it over, destroy it there first, or delete that section on the router`,
    );
  }
  const owned = new Set(mark?.owns);
  const before = { ...mark?.before };
  const held: string[] = [];
  const plan: Plan = { steps: [], words: [], wanted: [] };
  const owns = configs.flatMap((config) =>
    inputs[config].map(({ section }) => `${config}.${section}`),
  );
  for (const config of configs) {
    const renames = new Map<string, string>();
    for (const section of inputs[config]) {
      const place = `${config}.${section.section}`;
      if (owned.has(place)) continue;
      const twin = twinOf(
        config,
        section,
        inputs[config],
        found[config],
        owned,
      );
      if (twin === undefined) continue;
      if (twin.name !== section.section)
        renames.set(twin.name, section.section);
      before[place] = formerOf(twin);
      held.push(
        twin.name === section.section
          ? place
          : `${config}.${twin.name} (wanted as ${section.section})`,
      );
    }
    const left = leftBehind(config, mark, owns);
    add(
      plan,
      config,
      found[config],
      [...inputs[config], ...restored(config, left, before)],
      left.filter((name) => before[`${config}.${name}`] === undefined),
      renames,
    );
  }
  if (held.length > 0 && !inputs.adopt) {
    throw new UserError(
      `these sections are there already and not this site's: ${held.join(", ")}. Set adopt: true to take them over (deletion puts them back), or rename or remove them on the router`,
    );
  }
  const kept = Object.fromEntries(
    Object.entries(before).filter(([place]) => owns.includes(place)),
  );
  const next = { owner: inputs.owner, owns, before: kept };
  addMark(plan, found, mark, next, confirmed);
  return plan;
}

/** What puts back that which stood before, and takes the rest of ours away. */
export function planRemoval(found: Found, mark: Mark): Plan {
  const plan: Plan = { steps: [], words: [], wanted: [] };
  for (const config of configs) {
    const left = leftBehind(config, mark, []);
    add(
      plan,
      config,
      found[config],
      restored(config, left, mark.before),
      left.filter((name) => mark.before[`${config}.${name}`] === undefined),
      new Map(),
    );
  }
  for (const config of ["system", "dhcp"] as const)
    addQuietly(plan, config, found[config], [], [markName]);
  return plan;
}

function add(
  plan: Plan,
  config: Config | "system",
  found: readonly FoundSection[],
  wanted: readonly Section[],
  gone: readonly string[],
  renames: ReadonlyMap<string, string>,
): void {
  const { steps, words } = difference(found, wanted, gone, renames);
  if (steps.length === 0) return;
  plan.steps.push(...steps.map((step) => ({ config, step })));
  plan.words.push(...words.map((text) => `${config}.${text}`));
  plan.wanted.push({ config, sections: wanted });
}

/** Of the mark nobody needs to read. */
function addQuietly(
  plan: Plan,
  config: Config | "system",
  found: readonly FoundSection[],
  wanted: readonly Section[],
  gone: readonly string[],
): void {
  const silent = { ...plan, words: [] };
  add(silent, config, found, wanted, gone, new Map());
}

function addMark(
  plan: Plan,
  found: Found,
  mark: Mark | undefined,
  next: Omit<Mark, "apply">,
  confirmed: string | undefined,
): void {
  const { apply, ...known } = mark ?? {};
  const stands = apply === confirmed && isDeepStrictEqual(known, next);
  if (plan.steps.length === 0 && stands) return;
  plan.apply = crypto.randomUUID();
  const section = markSection({ ...next, apply: plan.apply });
  addQuietly(plan, "system", found.system, [section], []);
  // rpcd commits by the alphabet: what has this id and "system" another one is
  // half an apply, in the middle of which the power went.
  const first = { ...section, options: { apply: plan.apply } };
  addQuietly(plan, "dhcp", found.dhcp, [first], []);
}

/** Ours that is no longer declared. */
function leftBehind(
  config: Config,
  mark: Mark | undefined,
  owns: readonly string[],
): string[] {
  return (mark?.owns ?? [])
    .filter((place) => place.startsWith(`${config}.`) && !owns.includes(place))
    .map((place) => place.slice(config.length + 1));
}

function restored(
  config: Config,
  names: readonly string[],
  before: Record<string, Former>,
): Section[] {
  return names.flatMap((section) => {
    const former = before[`${config}.${section}`];
    return former ? [{ section, ...former }] : [];
  });
}

function formerOf({ type, options }: FoundSection): Former {
  return { type, options: { ...options } };
}

/** The section of that name, or that which is about the same and called otherwise. */
function twinOf(
  config: Config,
  section: Section,
  wanted: readonly Section[],
  found: readonly FoundSection[],
  owned: ReadonlySet<string>,
): FoundSection | undefined {
  const named = found.find(({ name }) => name === section.section);
  if (named) return named;
  const about = identity(config, section);
  if (about === undefined) return undefined;
  const names = new Set(wanted.map((item) => item.section));
  return found.find(
    (item) =>
      identity(config, item) === about &&
      !names.has(item.name) &&
      !owned.has(`${config}.${item.name}`),
  );
}
