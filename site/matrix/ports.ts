const highest = 65_535;

/** "443" or "8000-9000". */
export type PortRange = readonly [first: number, last: number];

export function portRange(text: string): PortRange {
  const [first = 0, last = first] = text.split("-").map(Number);
  return [first, last];
}

export function isWithin(
  ranges: readonly PortRange[],
  port: number | undefined,
): boolean {
  return (
    port !== undefined &&
    ranges.some(([first, last]) => first <= port && port <= last)
  );
}

/** All ports, cut where one of the ranges begins or ends: within a part none differs from the others. */
export function parts(ranges: readonly PortRange[]): PortRange[] {
  const starts = [
    1,
    ...ranges.flatMap(([first, last]) => [first, last + 1]),
  ].filter((port) => port >= 1 && port <= highest);
  const sorted = [...new Set(starts)].sort((left, right) => left - right);
  return sorted.map((first, index) => [
    first,
    (sorted[index + 1] ?? highest + 1) - 1,
  ]);
}

/** "22,8000-9000", "all", or nothing. */
export function toldPorts(open: readonly PortRange[]): string {
  const merged: PortRange[] = [];
  for (const [first, last] of open) {
    const isNext = merged.at(-1)?.[1] === first - 1;
    const [start] = (isNext && merged.pop()) || [first];
    merged.push([start, last]);
  }
  const texts = merged.map(toldRange);
  return texts.join(",") === `1-${highest}` ? "all" : texts.join(",");
}

export function toldRange([first, last]: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
