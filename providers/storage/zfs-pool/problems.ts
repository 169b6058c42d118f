import { diskNames, wwnOf } from "../disks/names";
import type { VdevInputs, ZfsPoolInputs } from "./model";

interface Problem {
  path: (string | number)[];
  message: string;
}

const fewest = { mirror: 2, raidz1: 2, raidz2: 3, raidz3: 4, stripe: 1 };

const poolName = /^(?!mirror|raidz|draid|spare|log$)[a-z][a-z0-9_.:-]*$/i;
const mountpoints = /^(\/.*[^/]|none|legacy)$/;

/** What ZFS takes only by force or not at all, and names that do not last. */
export function problemsOf(inputs: ZfsPoolInputs): Problem[] {
  const { name, mountpoint, vdevs, replace = [], add = [] } = inputs;
  return [
    ...check(
      poolName.test(name),
      ["name"],
      'must be a letter, then letters, digits, "_", ".", ":" and "-", and must not begin like a kind of vdev',
    ),
    ...check(
      mountpoint === undefined || mountpoints.test(mountpoint),
      ["mountpoint"],
      'must be a path, "none" or "legacy"',
    ),
    ...places(inputs).flatMap(({ path, disk }) =>
      check(wwnOf(disk) !== undefined, path, diskNames),
    ),
    ...replace.flatMap((item, index) =>
      check(
        wwnOf(item.new) !== undefined,
        ["replace", index, "new"],
        diskNames,
      ),
    ),
    ...vdevs.flatMap((vdev, index) => vdevProblems(vdev, ["vdevs", index])),
    ...redundancyProblems(vdevs),
    ...twice(places(inputs)),
    ...replaceProblems(vdevs, replace),
    ...add.flatMap((disk, index) =>
      check(
        vdevs.some(({ disks }) => disks.includes(disk)),
        ["add", index],
        `${disk} stands in no vdev`,
      ),
    ),
  ];
}

function vdevProblems(
  { type, class: kind, disks }: VdevInputs,
  path: Problem["path"],
): Problem[] {
  return [
    ...check(
      disks.length >= fewest[type],
      [...path, "disks"],
      `a ${type} takes at least ${fewest[type]} disks`,
    ),
    ...check(
      kind !== "cache" || type === "stripe",
      [...path, "type"],
      "a cache has no redundancy: write stripe",
    ),
    ...check(
      kind === undefined || kind === "cache" || !type.startsWith("raidz"),
      [...path, "type"],
      `ZFS takes no ${type} for class ${kind}: write mirror`,
    ),
  ];
}

/** How many disks of a vdev may fail, and in which form. */
function redundancy({ type, disks }: VdevInputs): [number, string] {
  if (type === "stripe") return [0, "stripe"];
  if (type === "mirror")
    return [disks.length - 1, `${disks.length}-way mirror`];
  return [Number(type.slice(-1)), `${type} of ${disks.length} disks`];
}

/** Unlike vdevs in one pool want -f, which is never given. */
function redundancyProblems(vdevs: readonly VdevInputs[]): Problem[] {
  const held = vdevs
    .map((vdev, index) => ({ vdev, index }))
    .filter(({ vdev: { class: kind } }) => kind !== "log" && kind !== "cache");
  const first = held.find(({ vdev }) => vdev.class === undefined);
  if (first === undefined)
    return [{ path: ["vdevs"], message: "must have a vdev for data" }];
  const [failures, words] = redundancy(first.vdev);
  return held.flatMap(({ vdev, index }) => {
    const [other, otherWords] = redundancy(vdev);
    const isAlike =
      vdev.type === first.vdev.type
        ? otherWords === words || vdev.type === "stripe"
        : other === failures && other > 0;
    if (isAlike) return [];
    return [
      {
        path: ["vdevs", index],
        message: `a ${otherWords} beside a ${words}: all vdevs of data must have the same redundancy, because the pool is lost with the weakest of them`,
      },
    ];
  });
}

interface Place {
  path: Problem["path"];
  disk: string;
}

function places({ vdevs, spares }: ZfsPoolInputs): Place[] {
  return [
    ...vdevs.flatMap(({ disks }, index) =>
      disks.map((disk, at) => ({ path: ["vdevs", index, "disks", at], disk })),
    ),
    ...spares.map((disk, at) => ({ path: ["spares", at], disk })),
  ];
}

/** Also by its two names. */
function twice(all: readonly Place[]): Problem[] {
  const seen = new Set<string>();
  return all.flatMap(({ path, disk }) => {
    const wwn = wwnOf(disk) ?? disk;
    const isNew = !seen.has(wwn);
    seen.add(wwn);
    return check(isNew, path, `${disk} is there twice`);
  });
}

function check(
  isRight: boolean,
  path: Problem["path"],
  message: string,
): Problem[] {
  return isRight ? [] : [{ path, message }];
}

function replaceProblems(
  vdevs: readonly VdevInputs[],
  replace: NonNullable<ZfsPoolInputs["replace"]>,
): Problem[] {
  const stands = (disk: string) =>
    vdevs.some(({ disks }) => disks.includes(disk));
  return replace.flatMap((item, index) => [
    ...check(
      // It may have been replaced itself since.
      stands(item.new) || replace.some(({ old }) => old === item.new),
      ["replace", index, "new"],
      `${item.new} stands in no vdev: write it in the place of ${item.old}`,
    ),
    ...check(
      !stands(item.old),
      ["replace", index, "old"],
      `${item.old} still stands in a vdev: write ${item.new} in its place`,
    ),
  ]);
}
