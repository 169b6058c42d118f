import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LineSpec } from "./spec";

/** A line as the site calls it, and its port. */
export type NamedLine = Pick<LineSpec, "name" | "device">;

const fileOf = (directory: string) => join(directory, "lines.json");

/** For who bends a line while nothing runs. */
export function keepLines(
  directory: string,
  lines: readonly NamedLine[],
): void {
  const named = lines.map(({ name, device }) => ({ name, device }));
  writeFileSync(fileOf(directory), JSON.stringify(named));
}

/** Undefined when the router has never been up. */
export function keptLines(directory: string): NamedLine[] | undefined {
  const file = fileOf(directory);
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as NamedLine[])
    : undefined;
}
