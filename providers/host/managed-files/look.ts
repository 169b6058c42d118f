import { createHash } from "node:crypto";
import type { FileFacts, Machine } from "../client";
import { contentOf, type FileInputs, rightsOf } from "./model";

export interface Found extends FileFacts {
  /** Of a file. */
  sha256?: string;
}

/** What is at each path; those with nothing are left out. */
export async function look(
  machine: Machine,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Found>> {
  const facts = await machine.stat(paths, signal);
  const files = paths.filter((path) => facts.get(path)?.kind === "file");
  const sums = await machine.sha256(files, signal);
  return new Map(
    [...facts].map(([path, found]) => [
      path,
      { ...found, sha256: sums.get(path) },
    ]),
  );
}

export function hasContent(item: FileInputs, found: Found): boolean {
  const sum = createHash("sha256").update(contentOf(item)).digest("hex");
  return found.kind === "file" && found.sha256 === sum;
}

export function hasRights(item: FileInputs, found: Found): boolean {
  const { owner, group, mode } = rightsOf(item);
  return found.owner === owner && found.group === group && found.mode === mode;
}

export function isAsDeclared(
  item: FileInputs,
  found: Found | undefined,
): boolean {
  return (
    found !== undefined && hasContent(item, found) && hasRights(item, found)
  );
}
