import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { addressProblems, networkProblems } from "./addresses";
import { cablingProblems } from "./cabling";
import { exportProblems } from "./exports";
import { guestProblems, imageProblems, vmIdProblems } from "./guests";
import { hardwareProblems } from "./hardware";
import { duplicateNames } from "./names";
import { powerProblems } from "./power";
import { qatProblems } from "./qat";
import { danglingReferences } from "./references";
import { routerProblems } from "./router";
import { shareProblems } from "./shares";
import { storageProblems } from "./storage";
import { targetProblems } from "./targets";
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
  hardwareProblems,
  cablingProblems,
  storageProblems,
  exportProblems,
  targetProblems,
  shareProblems,
  powerProblems,
  qatProblems,
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
