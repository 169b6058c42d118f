import { setMaxListeners } from "node:events";
import type { dynamic } from "@pulumi/pulumi";
import { z } from "zod";
import { Configuration } from "./configuration";
import type { EngineWatch } from "./engine";
import { PartialFailure, redact, stringsOf, UserError } from "./failure";
import type { CommonInputs, Kind, Operation, Verb } from "./kind";
import { providerKey } from "./token";
import {
  containsUnknown,
  merge,
  same,
  valueAt,
  valuesAt,
  withoutUndefined,
} from "./values";

type Values = Record<string, unknown>;

/** In the state after a failure: more is to be done than the inputs may show. */
const unfinishedKey = "unfinished";

type Existing = { id: string; outputs: object; before?: Values };

/**
 * The provider that Pulumi's SDK calls for one kind. It handles once what every
 * kind would otherwise have to: unknowns, undefined values, deadlines, the
 * engine's death, partial failure, redaction and full outputs.
 */
export function handler<Inputs extends CommonInputs, Outputs extends object>(
  kind: Kind<Inputs, Outputs>,
  engine: EngineWatch,
): dynamic.ResourceProvider {
  let configuration = new Configuration(() => undefined);
  const keys = Object.keys(kind.schema.shape);
  const wording = (kind.wording ?? []).map(String);

  async function run<T>(
    verb: Verb,
    values: Values,
    id: string | undefined,
    work: (inputs: Inputs, operation: Operation) => Promise<T>,
    before?: Values,
  ): Promise<T> {
    let existing: Existing | undefined = id
      ? { id, outputs: {}, before }
      : undefined;
    const deadline = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const what = called(values);
    try {
      const inputs = parse(kind, values);
      const seconds = inputs.timeouts?.[verb] ?? kind.timeouts[verb];
      timer = setTimeout(
        () => deadline.abort(new UserError(`${verb} took over ${seconds} s`)),
        seconds * 1_000,
      );
      const signal = AbortSignal.any([engine.signal, deadline.signal]);
      // Each command under way listens; Node would warn the user of a leak.
      setMaxListeners(0, signal);
      return await work(inputs, {
        signal,
        configuration,
        beforeWrite: engine.ensure,
        tell: (text) =>
          tell(worded(`${what}: ${text}`, before, values), values),
        exists(newId, outputs = {}) {
          existing = { ...existing, id: newId, outputs };
        },
      });
    } catch (error) {
      const reason = redact(
        worded(`Unable to ${verb} ${what}: ${explain(error)}`, before, values),
        secretsOf(values),
      );
      if (existing === undefined || verb === "read" || verb === "delete") {
        throw new UserError(reason);
      }
      throw new PartialFailure(
        reason,
        existing.id,
        withoutUndefined({
          ...unfinished(existing.before, values),
          ...existing.outputs,
          ...(wording.length > 0 && { [unfinishedKey]: true }),
        }),
      );
    } finally {
      clearTimeout(timer);
    }
  }

  function worded(text: string, ...known: (Values | undefined)[]): string {
    const all = known.filter((values) => values !== undefined);
    return kind.worded?.(text, all as Partial<Inputs>[]) ?? text;
  }

  /** The inputs that differ; one that is spelt out and is the default does not. */
  function changedIn(olds: Values, news: Values): string[] {
    const [before, after] = [canonical(kind, olds), canonical(kind, news)];
    return keys.filter((key) => !same(before[key], after[key]));
  }

  function isOfWords(olds: Values, news: Values): boolean {
    const changed = changedIn(olds, news);
    return (
      changed.length > 0 &&
      changed.every((key) => wording.includes(key)) &&
      olds[unfinishedKey] === undefined
    );
  }

  function called({ name }: Values): string {
    return `${kind.token.split(":")[1]} "${name}"`;
  }

  /** The engine shows what a provider prints among its diagnostics. */
  function tell(text: string, values: Values): void {
    process.stdout.write(`${redact(text, secretsOf(values))}\n`);
  }

  /** What the engine's own view of a change does not show well. */
  function tellChange(olds: Values, news: Values): void {
    if (containsUnknown([olds, news])) return;
    const [before, after] = [olds, news].map(
      (values) => canonical(kind, values) as unknown as Inputs,
    ) as [Inputs, Inputs];
    let words: string[];
    try {
      words = kind.words?.(before, after) ?? [];
    } catch {
      // What an older version wrote may be of another form: no reason not to go on.
      return;
    }
    for (const text of words) {
      const line = worded(`${called(news)}: ${text}`, olds, news);
      tell(redact(line, secretsOf(olds)), news);
    }
  }

  function secretsOf(values: Values): string[] {
    const inputs = (kind.secrets ?? []).flatMap((place) =>
      valuesAt(values, place.split(".")),
    );
    try {
      return stringsOf([inputs, configuration.credentials]);
    } catch {
      return stringsOf(inputs);
    }
  }

  /**
   * After an update that failed: what the old inputs had and the new ones have
   * not is still to be taken away, and only the state can say so.
   */
  function unfinished(olds: Values | undefined, news: Values): Values {
    const merged = olds && { ...news, ...merge(inputsOf(olds), news) };
    const fits = merged && kind.schema.safeParse(inputsOf(merged)).success;
    return merged && fits ? merged : news;
  }

  /** The inputs among `props`, which hold inputs and outputs alike. */
  function inputsOf(props: Values): Values {
    return Object.fromEntries(keys.map((key) => [key, props[key]]));
  }

  return {
    // Synchronous, and it only stores: the SDK uses the provider before an
    // asynchronous `configure` has ended.
    configure: (request) => {
      configuration = new Configuration((key) => request.config.get(key));
      return Promise.resolve();
    },

    check: async (olds: Values, news: Values) => {
      const inputs = withoutUndefined(inputsOf(news));
      const extra = Object.keys(news).filter(
        (key) => !keys.includes(key) && key !== providerKey,
      );
      const problems = problemsOf(kind.schema, {
        ...inputs,
        ...pick(news, extra),
      });
      const first = Object.keys(olds).length === 0;
      const judged =
        first || problems.length > 0 || containsUnknown(inputs)
          ? []
          : // Also what an older version took and this one would not.
            (kind.refuse?.(
              canonical(kind, olds) as unknown as Inputs,
              parse(kind, inputs),
            ) ?? []);
      const failures = [...problems, ...judged].map((failure) => ({
        ...failure,
        reason: worded(failure.reason, olds, inputs),
      }));
      return { inputs, failures };
    },

    diff: async (_id: string, olds: Values, news: Values) => {
      const changed = changedIn(olds, news);
      const replaces =
        kind.replaces?.(
          olds as Inputs & Outputs,
          news as unknown as Inputs,
          changed as (keyof Inputs)[],
        ) ?? [];
      if (changed.length > 0 && replaces.length === 0) tellChange(olds, news);
      return {
        changes: changed.length > 0,
        replaces: replaces.map(String),
        // A new thing would take the name and the addresses of the old one.
        deleteBeforeReplace: replaces.length > 0,
      };
    },

    create: (values: Values) =>
      run("create", values, undefined, async (inputs, operation) => {
        const { id, outputs } = await kind.create(inputs, operation);
        return { id, outs: withoutUndefined({ ...values, ...outputs }) };
      }),

    read: (id: string, props: Values) =>
      run("read", props, id, async (inputs, operation) => {
        const outputs = pick(props, outputKeys(props, keys)) as Outputs;
        const state = { ...inputs, ...outputs };
        const found = await kind.read(id, state, operation);
        if (found === undefined) return {};
        const known = inputs as unknown as Values;
        const now = found.inputs as unknown as Values;
        // A default that was left out and still stands stays left out.
        const told = keys.filter(
          (key) => props[key] !== undefined || !same(now[key], known[key]),
        );
        const actual = pick(now, told);
        return withoutUndefined({
          id,
          props: { ...actual, ...found.outputs },
          inputs: actual,
        });
      }),

    update: (id: string, olds: Values, news: Values) =>
      run(
        "update",
        news,
        id,
        async (inputs, operation) => {
          const known = pick(olds, outputKeys(olds, keys)) as Outputs;
          if (isOfWords(olds, news))
            return { outs: withoutUndefined({ ...news, ...known }) };
          operation.exists(id, known);
          const before = { ...parse(kind, olds), ...known };
          const outputs = await kind.update(id, before, inputs, operation);
          return { outs: withoutUndefined({ ...news, ...outputs }) };
        },
        olds,
      ),

    delete: (id: string, props: Values) =>
      run("delete", props, id, (inputs, operation) => {
        const known = pick(props, outputKeys(props, keys)) as Outputs;
        return kind.delete(id, { ...inputs, ...known }, operation);
      }),
  };
}

function parse<Inputs extends CommonInputs, Outputs extends object>(
  kind: Kind<Inputs, Outputs>,
  values: Values,
): Inputs {
  const keys = Object.keys(kind.schema.shape);
  return kind.parse(withoutUndefined(pick(values, keys)));
}

/** Parsed where that is possible, so that a default equals its absence. */
function canonical<Inputs extends CommonInputs, Outputs extends object>(
  kind: Kind<Inputs, Outputs>,
  values: Values,
): Values {
  if (containsUnknown(values)) return values;
  try {
    return parse(kind, values) as unknown as Values;
  } catch {
    return values;
  }
}

/** Never with a value in the reason: it may be a secret. */
function problemsOf(schema: z.ZodObject, inputs: Values) {
  const result = schema.safeParse(inputs);
  if (result.success) return [];
  return result.error.issues
    .filter(
      (issue) =>
        issue.code === "unrecognized_keys" ||
        !containsUnknown(valueAt(inputs, issue.path)),
    )
    .map((issue) => ({
      property: issue.path.map(String).join("."),
      reason: issue.message,
    }));
}

function pick(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(keys.map((key) => [key, values[key]]));
}

function outputKeys(props: Values, inputs: readonly string[]): string[] {
  return Object.keys(props).filter((key) => !inputs.includes(key));
}

function explain(error: unknown): string {
  if (error instanceof z.ZodError) {
    return `Unable to use the inputs: ${z.prettifyError(error)}`;
  }
  if (!(error instanceof Error)) return String(error);
  const defect =
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof RangeError;
  return defect ? (error.stack ?? error.message) : error.message;
}
