import type { Call } from "../tool";

/** Thrown: it has been said what is wrong with the words. */
export class Usage extends Error {}

/** Ends the tool with a text on stderr. */
export class Failure extends Error {
  constructor(
    text: string,
    readonly code = 1,
  ) {
    super(text);
  }
}

export interface Options {
  has(flag: string): boolean;
  value(flag: string): string | undefined;
  values(flag: string): readonly string[];
  operands: string[];
}

/**
 * getopt_long as ZFS's tools use it: `short` is "fnd" with a colon after a
 * flag that takes an argument, `long` maps names to flags. Options may stand
 * after operands.
 */
export function options(
  call: Pick<Call, "stderr">,
  words: readonly string[],
  short: string,
  long: Readonly<Record<string, string>> = {},
): Options {
  const found: [string, string][] = [];
  const operands: string[] = [];
  const rest = [...words];
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    if (word === "--") {
      operands.push(...rest.splice(0));
    } else if (word.startsWith("--")) {
      const flag = long[word.slice(2)];
      if (flag === undefined) throw usage(call, "invalid option ''");
      found.push([flag, ""]);
    } else if (word.startsWith("-") && word.length > 1) {
      for (let at = 1; at < word.length; at++) {
        const flag = word[at] ?? "";
        const where = flag === ":" ? -1 : short.indexOf(flag);
        if (where < 0) throw usage(call, `invalid option '${flag}'`);
        if (short[where + 1] !== ":") {
          found.push([flag, ""]);
          continue;
        }
        const value = word.slice(at + 1) || rest.shift();
        if (value === undefined)
          throw usage(call, `missing argument for '${flag}' option`);
        found.push([flag, value]);
        break;
      }
    } else operands.push(word);
  }
  return {
    has: (flag) => found.some(([name]) => name === flag),
    value: (flag) => found.findLast(([name]) => name === flag)?.[1],
    values: (flag) =>
      found.filter(([name]) => name === flag).map(([, value]) => value),
    operands,
  };
}

export function usage(call: Pick<Call, "stderr">, text: string): Usage {
  call.stderr.write(`${text}\n`);
  return new Usage();
}

/** "property=value" of a -o. */
export function assignment(
  call: Pick<Call, "stderr">,
  text: string,
): [string, string] {
  const at = text.indexOf("=");
  if (at < 0) throw usage(call, "missing '=' for -o option");
  return [text.slice(0, at), text.slice(at + 1)];
}
