import type { Site } from "../manifest";

/** By an allowance that names the TCP port: one for all of an administrator's ways is none for data. */
export function isLetThrough(
  { networks }: Site,
  from: string,
  to: string,
  port: number,
): boolean {
  const allow = networks.find(({ name }) => name === from)?.allow ?? [];
  return allow.some(
    (item) =>
      item.to === to &&
      item.protocol === "tcp" &&
      item.ports?.some((range) => {
        const [first, last = first] = String(range).split("-").map(Number);
        return (first ?? 0) <= port && port <= (last ?? 0);
      }),
  );
}
