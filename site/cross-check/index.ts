import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { addressProblems, networkProblems } from "./addresses";
import { guestProblems, imageProblems, vmIdProblems } from "./guests";
import { duplicateNames } from "./names";
import { danglingReferences } from "./references";
import { routerProblems } from "./router";
import { routerGuestProblems, wanProblems } from "./wan";

const checks = [
  duplicateNames,
  danglingReferences,
  guestProblems,
  networkProblems,
  addressProblems,
  imageProblems,
  vmIdProblems,
  routerProblems,
  routerGuestProblems,
  wanProblems,
];

/** What the schema cannot see: names, addresses and numbers across areas. */
export function crossCheck(site: Site): Problem[] {
  return checks.flatMap((check) => check(site));
}

/**
 * The same for a manifest that the schema refuses, as far as its parts can be
 * looked at: all problems are told at once.
 */
export function crossCheckWhatIsThere(value: unknown): Problem[] {
  return checks.flatMap((check) => {
    try {
      return check(value as Site);
    } catch {
      // The part that it looks at is itself malformed, which is told already.
      return [];
    }
  });
}
