/** Files that a host is to have, and what it does when they have changed. */
export interface HostFilesPlan {
  host: string;
  name: string;
  files: { path: string; content: string; mode?: string }[];
  validate?: [string, ...string[]];
  reload?: [string, ...string[]];
  /** Distributions ship such a file. */
  adopt?: boolean;
}

export const head =
  "# Made by hybrid-site from the site's manifest: an edit here does not last.\n";
