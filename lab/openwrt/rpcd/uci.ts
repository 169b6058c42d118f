import type { Flash } from "../flash";
import { type Delta, replay } from "../uci/delta";
import { anonymousName, type UciFile, type UciSection } from "../uci/file";
import type { Applies } from "./applies";
import { code, type Result } from "./codes";
import { may, type Session } from "./sessions";
import { isName, isType, type Types, textOf } from "./values";

type Args = Record<string, unknown>;

export interface UciContext {
  flash: Flash;
  session: Session;
  applies: Applies;
}

type Method = (context: UciContext, args: Args) => Result;

const invalid: Result = [code.invalidArgument];
const missing: Result = [code.notFound];
const ok: Result = [code.ok];

const selection = { section: "string", type: "string", match: "object" };
const reads = { config: "string", option: "string", ...selection };

/** Calls of the `uci` object, with the arguments that each takes. */
export const uciMethods: Record<string, { takes: Types; run: Method }> = {
  configs: {
    takes: {},
    run: ({ flash }) => [code.ok, { configs: flash.list("etc/config") }],
  },
  get: { takes: reads, run: reading(get) },
  // Not of what is staged, but of /var/state, where nothing is.
  state: {
    takes: reads,
    run: (context, args) =>
      reading(get)(
        { ...context, session: { ...context.session, deltas: new Map() } },
        args,
      ),
  },
  changes: { takes: { config: "string" }, run: changes },
  add: {
    takes: {
      config: "string",
      type: "string",
      name: "string",
      values: "object",
    },
    run: writing(
      add,
      ({ type, name }) => isType(type) && (name === undefined || isName(name)),
    ),
  },
  set: {
    takes: { config: "string", values: "object", ...selection },
    run: writing(
      set,
      (args) => args.values !== undefined && hasSelection(args),
    ),
  },
  delete: {
    takes: { ...reads, options: "array" },
    run: writing(remove, hasSelection),
  },
  rename: {
    takes: {
      config: "string",
      section: "string",
      option: "string",
      name: "string",
    },
    run: writing(
      rename,
      ({ section, name }) => section !== undefined && isName(name),
    ),
  },
  order: {
    takes: { config: "string", sections: "array" },
    run: writing(order, ({ sections }) => sections !== undefined),
  },
  revert: { takes: { config: "string" }, run: revert },
  commit: { takes: { config: "string" }, run: commit },
  apply: {
    takes: { rollback: "boolean", timeout: "number" },
    run: ({ applies, session }, { rollback, timeout }) =>
      applies.apply(
        session,
        rollback === true,
        typeof timeout === "number" ? timeout >>> 0 : 60,
      ),
  },
  confirm: {
    takes: {},
    run: ({ applies, session }) => applies.confirm(session),
  },
  rollback: {
    takes: {},
    run: ({ applies, session }) => applies.rollback(session),
  },
};

function hasSelection({ section, type, match }: Args): boolean {
  return [section, type, match].some((item) => item !== undefined);
}

interface Staging {
  stage(...deltas: Delta[]): void;
  /** Of a new section without a name. */
  newName(type: string): string;
}

type FileMethod = (file: UciFile, args: Args, staging: Staging) => Result;

function withFile(
  mode: "read" | "write",
  method: FileMethod,
  isWhole: (args: Args) => boolean,
): Method {
  return ({ flash, session }, args) => {
    const { config } = args;
    if (typeof config !== "string" || !isWhole(args)) return invalid;
    if (!may(session, "uci", config, mode)) return [code.permissionDenied];
    const file = flash.config(config);
    if (file === undefined) return missing;
    const staged = session.deltas.get(config) ?? [];
    const made = new Set([
      ...file.map(({ name }) => name),
      ...staged.flatMap(([kind, name, , value]) =>
        kind === "add" || (kind === "set" && value === undefined) ? [name] : [],
      ),
    ]);
    const fresh: Delta[] = [];
    const result = method(replay(file, staged), args, {
      stage: (...deltas) => fresh.push(...deltas),
      newName: (type) => anonymousName(made.size + 1, type),
    });
    // One bad value voids the whole call.
    if (result[0] === code.ok && fresh.length > 0)
      session.deltas.set(config, [...staged, ...fresh]);
    return result;
  };
}

function reading(method: FileMethod): Method {
  return withFile("read", method, () => true);
}

function writing(method: FileMethod, isWhole: (args: Args) => boolean): Method {
  return withFile("write", method, isWhole);
}

function get(file: UciFile, { section, option, type, match }: Args): Result {
  const shown = (item: UciSection, index?: number) => ({
    ".anonymous": item.anonymous,
    ".type": item.type,
    ".name": item.name,
    ...(index === undefined ? {} : { ".index": index }),
    ...Object.fromEntries(item.options),
  });
  if (section !== undefined) {
    const found = sectionOf(file, String(section));
    // What is not there is no error, and has no data.
    if (found === undefined) return ok;
    if (option === undefined) return [code.ok, { values: shown(found) }];
    const value = found.options.get(String(option));
    return value === undefined ? ok : [code.ok, { value }];
  }
  const values = file.flatMap((item, index) =>
    matches(item, type, match)
      ? [[item.name, shown(item, index)] as const]
      : [],
  );
  return [code.ok, { values: Object.fromEntries(values) }];
}

/** By its name, or as "@zone[1]", "@zone[-1]". */
function sectionOf(file: UciFile, name: string): UciSection | undefined {
  const [, type, place] = /^@([\w-]*)\[(-?\d+)\]$/.exec(name) ?? [];
  if (place === undefined) return file.find((item) => item.name === name);
  return file.filter((item) => !type || item.type === type).at(Number(place));
}

/** An option that a section lacks counts against it only if it has none of them. */
function matches(
  { type, options }: UciSection,
  wanted: unknown,
  match: unknown,
): boolean {
  if (wanted !== undefined && type !== wanted) return false;
  const asked = Object.entries((match ?? {}) as Args).flatMap(
    ([key, value]) => {
      const text = textOf(value);
      return text ? [[key, text] as const] : [];
    },
  );
  const held = asked.filter(([key]) => options.has(key));
  return (
    (asked.length === 0 || held.length > 0) &&
    held.every(([key, text]) => {
      const value = options.get(key) ?? "";
      return (Array.isArray(value) ? value : value.split(/[ \t]+/)).includes(
        text,
      );
    })
  );
}

function changes({ session, flash }: UciContext, { config }: Args): Result {
  const staged = (name: string) => session.deltas.get(name) ?? [];
  if (config === undefined) {
    const shown = flash
      .list("etc/config")
      .filter((name) => may(session, "uci", name, "read"))
      .filter((name) => staged(name).length > 0);
    const all = shown.map((name) => [name, staged(name)] as const);
    return [code.ok, { changes: Object.fromEntries(all) }];
  }
  const name = String(config);
  if (!may(session, "uci", name, "read")) return [code.permissionDenied];
  if (flash.config(name) === undefined) return missing;
  return [code.ok, { changes: staged(name) }];
}

function add(
  file: UciFile,
  { type, name, values = {} }: Args,
  { stage, newName }: Staging,
): Result {
  const section = name === undefined ? newName(`${type}`) : String(name);
  stage([name === undefined ? "add" : "set", section, String(type)]);
  const known = file.find((item) => item.name === section);
  for (const [key, value] of Object.entries(values as Args)) {
    if (!isName(key)) return invalid;
    // Not as `set` does: a list of a section that is there grows.
    if (Array.isArray(value)) {
      const texts = value.map(textOf);
      if (texts.includes(undefined)) return invalid;
      for (const text of texts) stage(["list-add", section, key, text ?? ""]);
    } else {
      const text = textOf(value);
      if (text === undefined) return invalid;
      stage(...setting(section, key, text, known));
    }
  }
  return [code.ok, { section }];
}

/** Nothing when it is so already; an empty value takes the option away. */
function setting(
  section: string,
  key: string,
  text: string,
  known: UciSection | undefined,
): Delta[] {
  const value = known?.options.get(key);
  if (value === text) return [];
  if (text) return [["set", section, key, text]];
  return value === undefined ? [] : [["remove", section, key]];
}

function set(file: UciFile, args: Args, { stage }: Staging): Result {
  const found = addressed(file, args);
  const values = Object.entries(args.values as Args);
  if (found.length === 0 || values.length === 0) return missing;
  let failure: Result | undefined;
  for (const section of found) {
    for (const [key, value] of values) {
      const deltas = merged(section, key, value);
      if (deltas) stage(...deltas);
      else failure = invalid;
    }
  }
  return failure ?? ok;
}

/** Even an equal list is taken away and built again. */
function merged(
  section: UciSection,
  key: string,
  value: unknown,
): Delta[] | undefined {
  const { name, options } = section;
  if (!isName(key)) return undefined;
  const gone: Delta[] = options.has(key) ? [["remove", name, key]] : [];
  if (Array.isArray(value)) {
    const texts = value.map(textOf).filter((text) => text !== undefined);
    const added = texts.map((text): Delta => ["list-add", name, key, text]);
    return texts.length > 0 ? [...gone, ...added] : undefined;
  }
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (!Array.isArray(options.get(key)))
    return setting(name, key, text, section);
  return text ? [...gone, ["set", name, key, text]] : gone;
}

function remove(file: UciFile, args: Args, { stage }: Staging): Result {
  let result: Result = missing;
  for (const { name, options: has } of addressed(file, args)) {
    if (args.options === undefined && args.option === undefined) {
      stage(["remove", name]);
      result = ok;
      continue;
    }
    const keys = [args.options ?? args.option]
      .flat()
      .filter((key): key is string => typeof key === "string" && has.has(key));
    stage(...keys.map((key): Delta => ["remove", name, key]));
    result = keys.length > 0 ? ok : missing;
  }
  return result;
}

function addressed(
  file: UciFile,
  { section, type, match }: Args,
): UciSection[] {
  if (section === undefined)
    return file.filter((item) => matches(item, type, match));
  return [sectionOf(file, String(section)) ?? []].flat();
}

function rename(
  file: UciFile,
  { section, option, name }: Args,
  { stage }: Staging,
): Result {
  const found = file.find((item) => item.name === section);
  if (found === undefined) return missing;
  if (option === undefined) stage(["rename", found.name, String(name)]);
  else if (!found.options.has(String(option))) return missing;
  else stage(["rename", found.name, String(option), String(name)]);
  return ok;
}

function order(file: UciFile, { sections }: Args, { stage }: Staging): Result {
  const names = sections as unknown[];
  if (names.some((name) => typeof name !== "string")) return invalid;
  if (names.some((name) => !file.some((item) => item.name === name)))
    return missing;
  stage(...names.map((name, place): Delta => ["order", String(name), place]));
  return ok;
}

function revert(context: UciContext, { config }: Args): Result {
  return settled(context, config, (name) =>
    context.session.deltas.delete(name),
  );
}

function commit(context: UciContext, { config }: Args): Result {
  return settled(context, config, (name) =>
    context.applies.commit(context.session, name),
  );
}

/** Whosever apply waits: nothing is settled beside it. */
function settled(
  { session, applies, flash }: UciContext,
  config: unknown,
  work: (config: string) => void,
): Result {
  if (applies.pending) return [code.permissionDenied];
  if (typeof config !== "string") return invalid;
  if (!may(session, "uci", config, "write")) return [code.permissionDenied];
  if (flash.config(config) === undefined) return missing;
  work(config);
  return ok;
}
