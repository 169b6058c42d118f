import { closest, distance } from "fastest-levenshtein";

/** The known word that `wrong` is most likely meant to be. */
export function nearest(
  wrong: string,
  known: readonly string[],
): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(wrong, known);
  return distance(wrong, best) <= Math.max(2, wrong.length / 3)
    ? best
    : undefined;
}

/** `, did you mean "memory"?`, or what there is to choose from. */
export function suggest(wrong: string, known: readonly string[]): string {
  const best = nearest(wrong, known);
  if (best !== undefined) return `, did you mean "${best}"?`;
  return known.length === 0
    ? ", there is none yet"
    : `, known are ${known.join(", ")}`;
}
