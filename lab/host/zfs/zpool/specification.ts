import type { Disks } from "../disks";
import { Failure } from "../options";
import { newGuid } from "../settings";
import type { Vdev, VdevKind } from "../tree";

export interface Specification {
  tops: Vdev[];
  spares: Vdev[];
  caches: Vdev[];
}

interface Group {
  kind: VdevKind | "log" | "special" | "dedup" | "spares" | "cache";
  parity?: number;
  least: number;
  most: number;
}

function groupOf(word: string): Group | undefined {
  const [, raidz] = /^raidz([1-3]?)$/.exec(word) ?? [];
  const [, draid] = /^draid([1-3]?)(?::.*)?$/.exec(word) ?? [];
  const digits = raidz ?? draid;
  if (digits !== undefined) {
    const parity = Number(digits || "1");
    const kind = raidz === undefined ? "draid" : "raidz";
    return { kind, parity, least: parity + 1, most: 255 };
  }
  const most = Number.MAX_SAFE_INTEGER;
  if (word === "mirror") return { kind: "mirror", least: 2, most };
  if (word === "spare") return { kind: "spares", least: 1, most };
  if (["log", "special", "dedup", "cache"].includes(word))
    return { kind: word as "log", least: 1, most };
  return undefined;
}

const invalid = (text: string) =>
  new Failure(`invalid vdev specification: ${text}`);

/** What "mirror a b spare c" asks for; opens nothing. */
export function specification(
  words: readonly string[],
  disks: Disks,
): Specification {
  const found: Specification = { tops: [], spares: [], caches: [] };
  const rest = [...words];
  let bias: Vdev["bias"];
  let seenLogs = false;
  let logs = 0;
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    const group = groupOf(word);
    if (group === undefined) {
      found.tops.push({ ...leaf(word, disks), bias });
      if (bias === "log") logs++;
      continue;
    }
    const { kind, least, most } = group;
    if (kind === "log") {
      if (seenLogs) throw invalid("'log' can be specified only once");
      seenLogs = true;
    }
    if (kind === "log" || kind === "special" || kind === "dedup") {
      bias = kind;
      continue;
    }
    if (kind === "spares" || kind === "cache") {
      const there = kind === "spares" ? found.spares : found.caches;
      if (there.length > 0)
        throw invalid(`'${word}' can be specified only once`);
      bias = undefined;
    }
    if (bias !== undefined && kind !== "mirror")
      throw invalid(
        `unsupported '${bias === "log" ? "log" : "special"}' device: ${kind}`,
      );
    const children: Vdev[] = [];
    while (rest[0] !== undefined && groupOf(rest[0]) === undefined)
      children.push(leaf(rest.shift() ?? "", disks));
    if (children.length < least)
      throw invalid(`${word} requires at least ${least} devices`);
    if (children.length > most)
      throw invalid(`${word} supports no more than ${most} devices`);
    if (kind === "spares") found.spares = children;
    else if (kind === "cache") found.caches = children;
    else {
      if (bias === "log") logs++;
      found.tops.push({
        kind,
        guid: "",
        createdAt: Date.now(),
        children,
        bias,
        ...(group.parity === undefined ? {} : { parity: group.parity }),
        ...(kind === "draid" ? { draid: draidOf(word, children.length) } : {}),
      });
    }
  }
  const count = found.tops.length + found.spares.length + found.caches.length;
  if (count === 0)
    throw invalid("at least one toplevel vdev must be specified");
  if (seenLogs && logs === 0) throw invalid("log requires at least 1 device");
  return found;
}

/** A whole disk, a partition or a map, by a path or a short name. */
function leaf(word: string, disks: Disks): Vdev {
  const short = [
    `/dev/disk/by-vdev/${word}`,
    `/dev/mapper/${word}`,
    `/dev/disk/by-id/${word}`,
    `/dev/disk/by-path/${word}`,
    `/dev/${word}`,
  ];
  const path = word.startsWith("/")
    ? word
    : short.find((name) => disks.find(name) !== undefined);
  if (path === undefined)
    throw new Failure(
      `cannot open '${word}': no such device in /dev\nmust be a full path or shorthand device name`,
    );
  const device = disks.find(path);
  if (device === undefined) throw new Failure(`cannot resolve path '${word}'`);
  return {
    kind: "disk",
    guid: "",
    createdAt: Date.now(),
    children: [],
    path,
    // It never makes partitions on a map.
    wholeDisk: device.kind === "disk",
    sizeBytes: device.sizeBytes,
  };
}

function draidOf(word: string, children: number): NonNullable<Vdev["draid"]> {
  const parity = Number(/^draid([1-3])/.exec(word)?.[1] ?? "1");
  let [data, spares]: [number | undefined, number] = [undefined, 0];
  for (const part of word.split(":").slice(1)) {
    const [, digits, suffix] = /^(\d+)([cds])$/i.exec(part) ?? [];
    if (suffix === undefined)
      throw new Failure(
        `invalid dRAID syntax; expected [:<number><c|d|s>] not '${word}'`,
      );
    const value = Number(digits);
    if (suffix.toLowerCase() === "d") data = value;
    else if (suffix.toLowerCase() === "s") spares = value;
    else if (value !== children)
      throw new Failure(
        `invalid number of dRAID children; ${value} required but ${children} provided`,
      );
  }
  if (data === undefined) {
    if (children <= spares + parity)
      throw new Failure(
        `request number of distributed spares ${spares} and parity level ${parity}\nleaves no disks available for data`,
      );
    data = Math.min(children - spares - parity, 8);
  }
  if (data === 0 || data + parity > children - spares)
    throw new Failure(
      `requested number of dRAID data disks per group ${data} is too high,\nat most ${children - spares - parity} disks are available for data`,
    );
  if (spares > 100 || spares > children - (data + parity))
    throw new Failure(
      `invalid number of dRAID spares ${spares}; additional disks would be required`,
    );
  let groups = 1;
  while ((groups * (data + parity)) % (children - spares) !== 0) groups++;
  return { data, groups, spares };
}

export function* leavesIn(spec: Specification): Generator<{
  leaf: Vdev;
  isSpare: boolean;
}> {
  const disksOf = (vdev: Vdev): Vdev[] =>
    vdev.kind === "disk" ? [vdev] : vdev.children.flatMap(disksOf);
  for (const top of spec.tops)
    for (const leaf of disksOf(top)) yield { leaf, isSpare: false };
  for (const leaf of spec.spares) yield { leaf, isSpare: true };
  for (const leaf of spec.caches) yield { leaf, isSpare: false };
}

/** Now that it will be made. */
export function giveGuids(
  disks: Disks,
  spec: Specification,
  ashift: number,
): void {
  const give = (vdev: Vdev) => {
    vdev.guid = newGuid(disks.world);
    vdev.children.forEach(give);
  };
  for (const top of spec.tops) {
    give(top);
    top.ashift = ashift;
  }
  [...spec.spares, ...spec.caches].forEach(give);
}
