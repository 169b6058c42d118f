import { adoptedSuffix } from "../dynamic/owner";

/**
 * Of a pool's root dataset, and of a dataset. Children inherit it, so it counts
 * only where it is set.
 */
export const ownerProperty = "hybrid-site:owner";

/** Whose a file of a machine is, as a line of the file says. */
export interface FileMark {
  /** Undefined: nobody's. */
  owner?: string;
  /** It stood there before. */
  adopted: boolean;
}

const line = /^# hybrid-site owner=(\S+)\n/m;

export function formatFileMark(owner: string, adopted = false): string {
  return `# hybrid-site owner=${owner}${adopted ? adoptedSuffix : ""}`;
}

export function parseFileMark(text: string): FileMark {
  const [, mark] = line.exec(text) ?? [];
  return {
    owner: mark?.replace(adoptedSuffix, ""),
    adopted: mark?.endsWith(adoptedSuffix) ?? false,
  };
}

export function withoutFileMark(text: string): string {
  return text.replace(line, "");
}
