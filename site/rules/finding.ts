import type { Site } from "../manifest";

export type Severity = "error" | "warning" | "note";

/** What a rule found, at a place of the manifest. */
export interface Finding {
  rule: string;
  severity: Severity;
  message: string;
  path: readonly PropertyKey[];
}

export interface Rule {
  id: string;
  severity: Severity;
  title: string;
  /** What makes it a rule, with its source. */
  fact: string;
  check(site: Site): { message: string; path: readonly PropertyKey[] }[];
  remedy: string;
}
