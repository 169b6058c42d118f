import { type Layout, sameKind, sameVdev, single } from "./layout";
import type { VdevInputs, ZfsPoolInputs } from "./model";

export interface Replacement {
  old: string;
  new: string;
}

export interface Attachment {
  /** Disks of the vdev that it joins. */
  vdev: VdevInputs;
  disk: string;
}

export interface Problem {
  property: "vdevs" | "spares";
  reason: string;
}

/** The way from one layout to another, so far as there is one. */
export interface Plan {
  replace: Replacement[];
  attach: Attachment[];
  addVdevs: VdevInputs[];
  addSpares: string[];
  /** What there is no way for, or none without being told. */
  problems: Problem[];
}

type Said = Pick<ZfsPoolInputs, "replace" | "add">;

export function planFor(from: Layout, to: Layout, said: Said): Plan {
  const plan: Plan = {
    replace: [],
    attach: [],
    addVdevs: [],
    addSpares: to.spares.filter((disk) => !from.spares.includes(disk)),
    problems: [],
  };
  let have = single(from.vdevs);
  for (const item of said.replace ?? []) {
    const isThere = (disk: string) =>
      have.some(({ disks }) => disks.includes(disk));
    if (!isThere(item.old) || isThere(item.new)) continue;
    // One that never came into the pool is passed over.
    const before = plan.replace.findIndex((other) => other.new === item.old);
    const [first = item] = before < 0 ? [] : plan.replace.splice(before, 1);
    plan.replace.push({ old: first.old, new: item.new });
    have = have.map((vdev) => ({
      ...vdev,
      disks: vdev.disks.map((disk) => (disk === item.old ? item.new : disk)),
    }));
  }
  const want = single(to.vdevs);
  const left = have.filter(
    (vdev) => !want.some((other) => sameVdev(vdev, other)),
  );
  const missing = want.filter(
    (vdev) => !have.some((other) => sameVdev(vdev, other)),
  );
  for (const vdev of missing) {
    const near = left.findIndex((other) =>
      other.disks.some((disk) => vdev.disks.includes(disk)),
    );
    const [other] = near >= 0 ? left.splice(near, 1) : [];
    if (other) grow(plan, other, vdev, said.add ?? []);
    else add(plan, vdev, left, said.add ?? []);
  }
  const gone = left.filter((vdev) => !isSwapped(vdev, missing, plan));
  for (const vdev of gone) {
    plan.problems.push({
      property: "vdevs",
      reason: `the pool has a ${wordsFor(vdev)}, which is not declared: a vdev is never removed here. Declare it, or remove it by hand ("zpool remove", where ZFS can) and refresh`,
    });
  }
  for (const disk of from.spares) {
    if (to.spares.includes(disk)) continue;
    plan.problems.push({
      property: "spares",
      reason: `the pool has the spare ${disk}, which is not declared: it is not removed here. Declare it, or remove it by hand ("zpool remove") and refresh`,
    });
  }
  return plan;
}

/** A stripe's disk for another: both are told with the one that is missing. */
function isSwapped(
  vdev: VdevInputs,
  missing: readonly VdevInputs[],
  plan: Plan,
): boolean {
  return (
    plan.problems.length > 0 && missing.some((other) => sameKind(vdev, other))
  );
}

function grow(
  plan: Plan,
  vdev: VdevInputs,
  wanted: VdevInputs,
  allowed: readonly string[],
): void {
  const gone = vdev.disks.filter((disk) => !wanted.disks.includes(disk));
  const more = wanted.disks.filter((disk) => !vdev.disks.includes(disk));
  const problem = (reason: string) =>
    plan.problems.push({ property: "vdevs", reason });
  if (!sameKind(vdev, wanted)) {
    problem(
      `a ${wordsFor(vdev)} cannot become a ${wordsFor(wanted)}: a vdev keeps its type and class for good`,
    );
  } else if (gone.length > 0 && gone.length === more.length) {
    problem(
      `${more.join(", ")} in the place of ${gone.join(", ")}: a disk is replaced only when that is said. Add to replace: ${gone
        .map((old, index) => `{ old: "${old}", new: "${more[index]}" }`)
        .join(", ")}`,
    );
  } else if (gone.length > 0) {
    problem(
      `${gone.join(", ")} would leave the ${wordsFor(vdev)}: no disk is detached here. Declare it, or detach it by hand ("zpool detach") and refresh`,
    );
  } else {
    forbid(plan, more, allowed);
    plan.attach.push(...more.map((disk) => ({ vdev, disk })));
  }
}

function add(
  plan: Plan,
  vdev: VdevInputs,
  left: readonly VdevInputs[],
  allowed: readonly string[],
): void {
  const other = left.find((item) => sameKind(item, vdev));
  if (other) {
    plan.problems.push({
      property: "vdevs",
      reason: `a ${wordsFor(vdev)} in the place of a ${wordsFor(other)}: a disk is replaced only when that is said, with replace: [{ old, new }]`,
    });
    return;
  }
  // ZFS can always remove these again.
  if (vdev.class !== "cache" && vdev.class !== "log")
    forbid(plan, vdev.disks, allowed);
  plan.addVdevs.push(vdev);
}

function forbid(
  plan: Plan,
  disks: readonly string[],
  allowed: readonly string[],
): void {
  const unsaid = disks.filter((disk) => !allowed.includes(disk));
  if (unsaid.length === 0) return;
  const list = unsaid.map((disk) => `"${disk}"`).join(", ");
  plan.problems.push({
    property: "vdevs",
    reason: `${unsaid.join(", ")} would join the pool and cannot leave it again. If that is meant, add to add: ${list}`,
  });
}

function wordsFor({ type, class: kind, disks }: VdevInputs): string {
  return `${kind ? `${kind} ` : ""}${type} of ${disks.join(", ")}`;
}
