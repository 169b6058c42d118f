import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Call } from "../tool";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values = Record<string, string | boolean | (string | boolean)[]>;

export interface Parsed {
  flags: Values;
  operands: string[];
}

/** The exit code of a usage error is `code`; undefined: it has been said. */
export function gnu(
  call: Call,
  tool: string,
  options: Options,
): Parsed | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...call.words],
      options,
      allowPositionals: true,
    });
    return { flags: values as Values, operands: positionals };
  } catch {
    const known = Object.entries(options).flatMap(([name, { short }]) => [
      `--${name}`,
      ...(short ? [`-${short}`] : []),
    ]);
    const bad = call.words.find(
      (word) =>
        word.startsWith("-") && !known.includes(word.split("=")[0] ?? ""),
    );
    const which = bad?.startsWith("--")
      ? `unrecognized option '${bad}'`
      : `invalid option -- '${bad?.slice(1, 2) ?? ""}'`;
    call.stderr.write(
      `${tool}: ${which}\nTry '${tool} --help' for more information.\n`,
    );
    return undefined;
  }
}

/** As GNU tools quote a name in an error. */
export const named = (path: string) => `'${path}'`;
