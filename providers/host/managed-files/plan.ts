import { type Found, hasContent, isAsDeclared } from "./look";
import { type FileInputs, type Rights, rightsOf } from "./model";
import type { Manifest, OwnFile, Step } from "./store";

export interface PlannedStep extends Step {
  /** Of the new file: the declared one, or what stood there before us. */
  source?: "declared" | "before";
  rights?: Rights;
}

export interface Plan {
  steps: PlannedStep[];
  /** What stands there and is to be kept for the removal. */
  keep: { path: string; rights: Rights }[];
  /** Ours afterwards. */
  files: OwnFile[];
}

/** A path that cannot be taken, and why. */
export interface Obstacle {
  path: string;
  reason: "stands" | Exclude<Found["kind"], "file">;
}

export interface Known {
  declared: readonly FileInputs[];
  manifest: Manifest | undefined;
  found: ReadonlyMap<string, Found>;
  /** Takes over what stands there. */
  adopt: boolean;
  /** What the state knows, for a host that has forgotten whose the files are. */
  state?: { files: readonly FileInputs[]; adopted: readonly string[] };
}

export function planChange(known: Known): Plan | Obstacle[] {
  const { declared, manifest, found, adopt } = known;
  const state = manifest === undefined ? known.state : undefined;
  const obstacles: Obstacle[] = [];
  const plan: Plan = { steps: [], keep: [], files: [] };
  const own = new Map(manifest?.files.map((file) => [file.path, file]));
  const wasAdopted = (path: string) => state?.adopted.includes(path) ?? false;
  const isOurs = (path: string, now: Found) =>
    own.has(path) ||
    (!wasAdopted(path) &&
      state?.files.some((item) => item.path === path && hasContent(item, now)));

  for (const item of declared) {
    const { path } = item;
    const now = found.get(path);
    const rights = rightsOf(item);
    if (now && now.kind !== "file") {
      obstacles.push({ path, reason: now.kind });
      continue;
    }
    let before = own.get(path)?.before;
    if (now && !isOurs(path, now)) {
      if (!adopt && !wasAdopted(path)) {
        obstacles.push({ path, reason: "stands" });
        continue;
      }
      const { owner, group, mode } = now;
      before = { owner, group, mode };
      plan.keep.push({ path, rights: before });
    }
    plan.files.push(before ? { path, before } : { path });
    if (isAsDeclared(item, now)) continue;
    const had = now !== undefined;
    plan.steps.push({ path, act: "put", had, source: "declared", rights });
  }

  const paths = new Set(declared.map(({ path }) => path));
  for (const { path, before } of manifest?.files ?? []) {
    if (paths.has(path)) continue;
    const now = found.get(path);
    if (now && now.kind !== "file") {
      obstacles.push({ path, reason: now.kind });
    } else if (before) {
      const had = now !== undefined;
      const rights = before;
      plan.steps.push({ path, act: "put", had, source: "before", rights });
    } else if (now) {
      plan.steps.push({ path, act: "take", had: true });
    }
  }
  return obstacles.length > 0 ? obstacles : plan;
}
