/** A bigint is written with all its digits, as --json-int has it. */
export type Json = {
  [key: string]: string | number | bigint | Json | string[] | undefined;
};

export function stringify(value: Json[string]): string {
  if (typeof value === "bigint") return `${value}`;
  if (typeof value !== "object" || Array.isArray(value))
    return JSON.stringify(value);
  const pairs = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${stringify(item)}`);
  return `{${pairs.join(",")}}`;
}

export function schema(command: string): Json {
  return { output_version: { command, vers_major: 0, vers_minor: 1 } };
}
