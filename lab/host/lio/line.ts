/** A command line of configshell, taken apart. */
export interface Line {
  path: string;
  command: string;
  positional: string[];
  keyed: Record<string, string>;
}

const value = "[A-Za-z0-9?;&*$!#,=_\\\\+/.<>()~@:\\-%[\\]]";
const pathForm =
  /^\s*(@[A-Za-z0-9:_.-]+|[A-Za-z0-9:_.[\]-]*\/[A-Za-z0-9:_.[\]/-]*|\.\.|\.|\*)/;
const commandForm = /^\s*([A-Za-z0-9_]+)/;
const keyedForm = new RegExp(`^\\s*([A-Za-z0-9_-]+)\\s*=\\s*(${value}*)`);
const positionalForm = new RegExp(`^\\s*(${value}+)`);

/**
 * As the tool's grammar has it. What it does not know, a quote for one, ends
 * the line there without a word.
 */
export function parseLine(text: string): Line {
  let rest = text;
  const take = (form: RegExp): RegExpExecArray | null => {
    const found = form.exec(rest);
    if (found) rest = rest.slice(found[0].length);
    return found;
  };
  const path = take(pathForm)?.[1] ?? "";
  const command = take(commandForm)?.[1] ?? "";
  const positional: string[] = [];
  const keyed: Record<string, string> = {};
  while (command !== "") {
    const pair = take(keyedForm);
    if (pair) {
      keyed[pair[1] ?? ""] = pair[2] ?? "";
      continue;
    }
    const word = take(positionalForm);
    if (word === null) break;
    positional.push(word[1] ?? "");
  }
  return { path, command, positional, keyed };
}

/** An error that the tool prints before it ends with 1. */
export class Failure extends Error {}

export interface Signature {
  required: readonly string[];
  optional?: readonly string[];
}

/** The parameters by name, or the complaint that the tool makes of them. */
export function bind(
  { required, optional = [] }: Signature,
  { positional, keyed }: Line,
): Record<string, string | undefined> {
  const names = [...required, ...optional];
  const given = Object.keys(keyed);
  const missing = names
    .slice(positional.length)
    .filter((name) => required.includes(name) && !given.includes(name))
    .sort();
  if (missing.length === 1)
    throw new Failure(`Missing required parameter ${missing[0]}`);
  if (missing.length > 1) {
    const list = missing.map((name) => `'${name}'`).join(", ");
    throw new Failure(`Missing required parameters ${list}`);
  }
  const unknown = given.filter((name) => !names.includes(name)).sort();
  if (unknown.length === 1)
    throw new Failure(`Unexpected keyword parameter '${unknown[0]}'.`);
  if (unknown.length > 1) {
    const list = unknown.map((name) => `'${name}'`).join(", ");
    throw new Failure(`Unexpected keyword parameters ${list}.`);
  }
  const twice = names
    .slice(0, positional.length)
    .find((name) => given.includes(name));
  if (twice) throw new Failure(`Duplicate parameter ${twice}.`);
  const count = positional.length + given.length;
  if (optional.length === 0 && count !== required.length)
    throw new Failure(
      `Got ${count} positionnal parameters, expected exactly ${required.length}.`,
    );
  if (count > names.length)
    throw new Failure(
      `Got ${count} positionnal parameters, expected at most ${names.length}.`,
    );
  return {
    ...Object.fromEntries(
      positional.map((word, at) => [names[at] ?? "", word]),
    ),
    ...keyed,
  };
}

export function asBoolean(text: string | undefined, initial: boolean): boolean {
  if (text === undefined || text === "") return initial;
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw new Failure(`Syntax error, '${text}' is not true|false.`);
}

export function asNumber(text: string | undefined, initial: number): number {
  if (text === undefined || text === "") return initial;
  if (!/^-?\d+$/.test(text))
    throw new Failure(`Syntax error, '${text}' is not a NUMBER.`);
  return Number(text);
}
