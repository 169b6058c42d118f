import type { Vdev } from "../tree";

interface Level {
  type: string;
  children: number;
  parity: number;
}

const fuzz = 16 * 1024 * 1024;

const isRaid = ({ type }: Level) => type === "raidz" || type === "draid";

/** Either way around. */
function raidAndMirror(a: Level, b: Level): [Level, Level] | undefined {
  if (isRaid(a) && b.type === "mirror") return [a, b];
  if (isRaid(b) && a.type === "mirror") return [b, a];
  return undefined;
}

function levelOf(top: Vdev, problems: string[]): Level {
  if (top.kind === "disk") return { type: "disk", children: 1, parity: 0 };
  const sizes = top.children
    .map((child) => firstDisk(child).sizeBytes)
    .filter((size) => size !== undefined);
  const differ = sizes.some(
    (size, index) =>
      index > 0 && Math.abs(size - (sizes[index - 1] ?? size)) > fuzz,
  );
  if (differ) problems.push(`${top.kind} contains devices of different sizes`);
  return {
    type: top.kind,
    children: top.children.length,
    parity: top.parity ?? 0,
  };
}

function firstDisk(vdev: Vdev): Vdev {
  const [first] = vdev.children;
  return first === undefined ? vdev : firstDisk(first);
}

function consistent(
  tops: readonly Vdev[],
  problems: string[],
): Level | undefined {
  let last: Level | undefined;
  for (const top of tops.filter(({ bias }) => bias !== "log")) {
    const level = levelOf(top, problems);
    if (last !== undefined) {
      const problem = difference(last, level);
      if (problem !== undefined)
        problems.push(`mismatched replication level: ${problem}`);
    }
    last = level;
  }
  return problems.length > 0 ? undefined : last;
}

function difference(last: Level, level: Level): string | undefined {
  const pair = raidAndMirror(last, level);
  if (pair !== undefined) {
    const [raid, mirror] = pair;
    if (raid.parity === mirror.children - 1) return undefined;
    return `${raid.type} and ${mirror.type} vdevs with different redundancy, ${raid.parity} vs. ${mirror.children - 1} (${mirror.children}-way) are present`;
  }
  if (isRaid(last) && isRaid(level) && last.type !== level.type)
    return last.parity === level.parity
      ? undefined
      : `${last.type} and ${level.type} vdevs with different redundancy, ${last.parity} vs. ${level.parity} are present`;
  if (last.type !== level.type)
    return `both ${last.type} and ${level.type} vdevs are present`;
  if (last.parity !== level.parity)
    return `both ${last.parity} and ${level.parity} device parity ${level.type} vdevs are present`;
  if (last.children !== level.children)
    return `both ${last.children}-way and ${level.children}-way ${level.type} vdevs are present`;
  return undefined;
}

/** Problems of new vdevs, in themselves and beside those of a pool. */
export function mismatches(
  tops: readonly Vdev[],
  pool: readonly Vdev[] = [],
): string[] {
  const current = pool.length > 0 ? consistent(pool, []) : undefined;
  if (pool.length > 0 && current === undefined) return [];
  if (tops.every(({ bias }) => bias === "log")) return [];
  const problems: string[] = [];
  const added = consistent(tops, problems);
  if (added === undefined || current === undefined) return problems;
  const problem = beside(current, added);
  return problem === undefined
    ? problems
    : [...problems, `mismatched replication level: ${problem}`];
}

function beside(current: Level, added: Level): string | undefined {
  const pair = raidAndMirror(current, added);
  if (pair !== undefined) {
    const [raid, mirror] = pair;
    if (raid.parity === mirror.children - 1) return undefined;
    return `pool and new vdev with different redundancy, ${raid.type} and ${mirror.type} vdevs, ${raid.parity} vs. ${mirror.children - 1} (${mirror.children}-way)`;
  }
  if (current.type !== added.type)
    return `pool uses ${current.type} and new vdev is ${added.type}`;
  if (current.parity !== added.parity)
    return `pool uses ${current.parity} device parity and new vdev uses ${added.parity}`;
  if (current.children !== added.children)
    return `pool uses ${current.children}-way ${current.type} and new vdev uses ${added.children}-way ${added.type}`;
  return undefined;
}
