import type { Site } from "../manifest";
import { clockFiles } from "./clock";
import { mailFiles } from "./mail";
import { cacheFiles } from "./memory";
import { nameFiles } from "./names";
import type { HostFilesPlan } from "./plan";
import { scrubFiles } from "./scrubs";
import { shareFiles } from "./shares";
import { targetOrderFiles } from "./targets";

export type { HostFilesPlan } from "./plan";

/** What the site's machines have in files beside what their own services write. */
export function hostFilesOf(site: Site): HostFilesPlan[] {
  return [
    ...nameFiles(site),
    ...clockFiles(site),
    ...scrubFiles(site),
    ...cacheFiles(site),
    ...mailFiles(site),
    ...targetOrderFiles(site),
    ...shareFiles(site),
  ];
}
