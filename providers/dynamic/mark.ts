/** What a kind puts out beside its input `owner`. */
export interface Marked {
  /**
   * The owner that the marks on the device name. A thing that is not as it was
   * left reads with an empty `owner`, and is ours nevertheless. Undefined in
   * states of before.
   */
  mark?: string;
}

type Known = Marked & { owner: string };

/** By `owner` and, while an update is unfinished, by the one of before. */
export function isOwn({ owner, mark }: Known, found: string): boolean {
  const known = [owner, mark].filter(Boolean);
  // The state does not say it: what it knows is there is ours.
  return known.length === 0 || known.includes(found);
}

/** For the state of what was found. */
export function markFrom({ owner, mark }: Known, found?: string): string {
  return mark || owner || (found ?? "");
}
