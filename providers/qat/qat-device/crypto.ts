import type { AlgorithmOutput } from "./model";

export interface RegisteredAlgorithm {
  name: string;
  driver: string;
  priority: number;
  /** More than 1: somebody holds it. */
  references: number;
}

/** Of /proc/crypto; an empty line is between two of them, or nothing at all. */
export function parseCrypto(text: string): RegisteredAlgorithm[] {
  return text
    .split(/^(?=name +:)/m)
    .map((paragraph) => {
      const field = (key: string) =>
        new RegExp(`^${key} +: (.*)$`, "m").exec(paragraph)?.[1] ?? "";
      return {
        name: field("name"),
        driver: field("driver"),
        priority: Number(field("priority")),
        references: Number(field("refcnt")),
      };
    })
    .filter(({ driver }) => driver !== "");
}

export function ofAdapter(
  algorithms: readonly RegisteredAlgorithm[],
): AlgorithmOutput[] {
  return algorithms
    .filter(({ driver }) => /^qat[-_]/.test(driver))
    .map(({ name, driver, priority }) => ({
      name,
      driver,
      priority,
      isPreferred: algorithms.every(
        (other) => other.name !== name || other.priority <= priority,
      ),
    }));
}
