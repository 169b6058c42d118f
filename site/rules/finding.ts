import type { Site } from "../manifest";

export type Severity = "error" | "warning" | "note";

/** What a rule found, at a place of the manifest. */
export interface Finding {
  rule: string;
  severity: Severity;
  message: string;
  path: readonly PropertyKey[];
}

interface Found {
  message: string;
  path: readonly PropertyKey[];
  /** Where the rule's own says more than applies. */
  remedy?: string;
}

export interface Rule {
  id: string;
  severity: Severity;
  title: string;
  /** What makes it a rule, with its source. */
  fact: string;
  check(site: Site): Found[];
  remedy: string;
}
