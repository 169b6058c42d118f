/** What is known of a product, and where from. */
export type Sourced<T> = T & {
  title: string;
  /** Of all that is not assumed. */
  source?: string;
  /** Taken to be so without a source, and why: findings that rest on it say it. */
  assumed?: Partial<Record<keyof T, string>>;
};

/** ", which is assumed" for a fact without a source. */
export function doubt<T>(product: Sourced<T>, ...facts: (keyof T)[]): string {
  return facts.some((fact) => product.assumed?.[fact] !== undefined)
    ? " (assumed)"
    : "";
}
