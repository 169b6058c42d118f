import type { Flash } from "../flash";
import { type Delta, replay } from "../uci/delta";
import type { UciFile, UciSection } from "../uci/file";
import type { Applies } from "./applies";
import { code, type Result } from "./codes";
import type { Session } from "./sessions";
import { isName, isType, textOf, textsOf } from "./values";

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

/** Calls of the `uci` object, with the arguments that each takes. */
export const uciMethods: Record<string, { takes: string[]; run: Method }> = {
  configs: {
    takes: [],
    run: ({ flash }) => [code.ok, { configs: flash.list("etc/config") }],
  },
  get: {
    takes: ["config", "section", "option", "type", "match"],
    run: reading(get),
  },
  state: {
    takes: ["config", "section", "option", "type", "match"],
    run: reading(get),
  },
  changes: { takes: ["config"], run: changes },
  add: { takes: ["config", "type", "name", "values"], run: writing(add) },
  set: {
    takes: ["config", "section", "type", "match", "values"],
    run: writing(set),
  },
  delete: {
    takes: ["config", "section", "type", "match", "option", "options"],
    run: writing(remove),
  },
  rename: {
    takes: ["config", "section", "option", "name"],
    run: writing(rename),
  },
  order: { takes: ["config", "sections"], run: writing(order) },
  revert: { takes: ["config"], run: revert },
  commit: { takes: ["config"], run: commit },
  apply: {
    takes: ["rollback", "timeout"],
    run: ({ applies, session }, { rollback, timeout }) =>
      applies.apply(
        session,
        rollback === true,
        typeof timeout === "number" ? timeout : 60,
      ),
  },
  confirm: {
    takes: [],
    run: ({ applies, session }) => applies.confirm(session),
  },
  rollback: {
    takes: [],
    run: ({ applies, session }) => applies.rollback(session),
  },
};

type FileMethod = (
  file: UciFile,
  args: Args,
  stage: (...deltas: Delta[]) => void,
) => Result;

function withFile(mode: "read" | "write", method: FileMethod): Method {
  return ({ flash, session }, args) => {
    const { config } = args;
    if (typeof config !== "string") return invalid;
    if (!session.rights.has(`uci ${config} ${mode}`))
      return [code.permissionDenied];
    const file = flash.config(config);
    if (file === undefined) return missing;
    const staged = session.deltas.get(config) ?? [];
    const fresh: Delta[] = [];
    const result = method(replay(file, staged), args, (...deltas) =>
      fresh.push(...deltas),
    );
    if (result[0] === code.ok && fresh.length > 0)
      session.deltas.set(config, [...staged, ...fresh]);
    return result;
  };
}

function reading(method: FileMethod): Method {
  return withFile("read", method);
}

function writing(method: FileMethod): Method {
  return withFile("write", method);
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
    const found = file.find(({ name }) => name === section);
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

function matches(
  { type, options }: UciSection,
  wanted: unknown,
  match: unknown,
): boolean {
  return (
    (wanted === undefined || type === wanted) &&
    Object.entries((match ?? {}) as Args).every(
      ([key, value]) => options.get(key) === textOf(value),
    )
  );
}

function changes({ session }: UciContext, { config }: Args): Result {
  const shown = [...session.deltas].filter(
    ([name, deltas]) =>
      deltas.length > 0 && session.rights.has(`uci ${name} read`),
  );
  if (config === undefined)
    return [code.ok, { changes: Object.fromEntries(shown) }];
  return [code.ok, { changes: session.deltas.get(String(config)) ?? [] }];
}

function add(
  file: UciFile,
  { type, name, values = {} }: Args,
  stage: (...deltas: Delta[]) => void,
): Result {
  if (!isType(type) || (name !== undefined && !isName(name))) return invalid;
  const section =
    name === undefined
      ? `cfg${Math.random().toString(16).slice(2, 8)}`
      : String(name);
  const options = valueDeltas(section, values, undefined);
  if (options === undefined) return invalid;
  const known = file.find((item) => item.name === section);
  if (known?.type !== type) stage(["add", section, type]);
  // Not as `set` does: lists of a section that is there grow.
  stage(...options.filter(([kind]) => kind !== "remove"));
  return [code.ok, { section }];
}

function set(
  file: UciFile,
  args: Args,
  stage: (...deltas: Delta[]) => void,
): Result {
  const found = addressed(file, args);
  if (found === undefined) return missing;
  for (const section of found) {
    const deltas = valueDeltas(section.name, args.values, section);
    if (deltas === undefined) return invalid;
    stage(...deltas);
  }
  return ok;
}

/** One value that cannot be taken voids the whole call. */
function valueDeltas(
  section: string,
  values: unknown,
  known: UciSection | undefined,
): Delta[] | undefined {
  if (values === null || typeof values !== "object" || Array.isArray(values))
    return undefined;
  const deltas: Delta[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (!isName(key)) return undefined;
    if (Array.isArray(value)) {
      const texts = textsOf(value);
      if (texts === undefined) return undefined;
      // Even an equal list is taken away and built again.
      if (known?.options.has(key) ?? true)
        deltas.push(["remove", section, key]);
      deltas.push(
        ...texts.map((text): Delta => ["list-add", section, key, text]),
      );
      continue;
    }
    const text = textOf(value);
    if (text === undefined) return undefined;
    if (known?.options.get(key) !== text)
      deltas.push(["set", section, key, text]);
  }
  return deltas;
}

function remove(
  file: UciFile,
  args: Args,
  stage: (...deltas: Delta[]) => void,
): Result {
  const found = addressed(file, args);
  if (found === undefined) return missing;
  const { option, options } = args;
  const keys = option === undefined ? options : [option];
  for (const { name, options: has } of found) {
    if (keys === undefined) {
      stage(["remove", name]);
      continue;
    }
    if (!Array.isArray(keys)) return invalid;
    if (keys.some((key) => !has.has(String(key)))) return missing;
    stage(...keys.map((key): Delta => ["remove", name, String(key)]));
  }
  return ok;
}

function addressed(
  file: UciFile,
  { section, type, match }: Args,
): UciSection[] | undefined {
  const found =
    section === undefined
      ? file.filter((item) => matches(item, type, match))
      : file.filter(({ name }) => name === section);
  return found.length > 0 ? found : undefined;
}

function rename(
  file: UciFile,
  { section, option, name }: Args,
  stage: (...deltas: Delta[]) => void,
): Result {
  if (!isName(name) || option !== undefined) return invalid;
  if (!file.some((item) => item.name === section)) return missing;
  stage(["rename", String(section), name]);
  return ok;
}

function order(
  file: UciFile,
  { sections }: Args,
  stage: (...deltas: Delta[]) => void,
): Result {
  if (!Array.isArray(sections)) return invalid;
  if (sections.some((name) => !file.some((item) => item.name === name)))
    return missing;
  stage(
    ...sections.map(
      (name, index): Delta => ["order", String(name), String(index)],
    ),
  );
  return ok;
}

function revert(
  { session, applies, flash }: UciContext,
  { config }: Args,
): Result {
  return settled({ session, applies, flash }, config, () =>
    session.deltas.delete(String(config)),
  );
}

function commit(
  { session, applies, flash }: UciContext,
  { config }: Args,
): Result {
  return settled({ session, applies, flash }, config, () => {
    const name = String(config);
    flash.commit(
      name,
      replay(flash.config(name) ?? [], session.deltas.get(name) ?? []),
    );
    session.deltas.delete(name);
  });
}

function settled(
  { session, applies, flash }: UciContext,
  config: unknown,
  work: () => void,
): Result {
  if (typeof config !== "string") return invalid;
  if (!session.rights.has(`uci ${config} write`))
    return [code.permissionDenied];
  if (applies.pending) return [code.permissionDenied];
  if (flash.config(config) === undefined) return missing;
  work();
  return ok;
}
