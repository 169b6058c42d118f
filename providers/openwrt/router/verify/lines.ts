import type { LineState, Running } from "../observe";

/**
 * Whether mwan3 has seen a target answer. "online" alone is no proof: after a
 * reload mwan3 takes each line for online before it has probed it.
 */
export function passes({
  status,
  turn = 0,
  track_ip = [],
}: LineState): boolean {
  return (
    status === "online" &&
    turn >= 1 &&
    track_ip.some((target) => target.status === "up")
  );
}

/** Which lines have been probed, with success, since a moment. */
export class LineProof {
  readonly #since = new Map<string, number>();
  readonly #proved = new Set<string>();

  constructor(private readonly lines: readonly string[]) {}

  /** Takes in what mwan3 says now; what is still to be proved. */
  missing({ lines }: Running): string[] {
    for (const name of this.lines) {
      const state = lines.get(name);
      const turn = state?.turn ?? 0;
      const since = this.#since.get(name);
      // Counted anew: mwan3 or its tracker has started again.
      if (since === undefined || turn < since) {
        this.#since.set(name, turn);
        this.#proved.delete(name);
      }
      if (state === undefined || !passes(state)) this.#proved.delete(name);
      else if (turn > (this.#since.get(name) ?? 0)) this.#proved.add(name);
    }
    return this.lines.filter((name) => !this.#proved.has(name));
  }
}
