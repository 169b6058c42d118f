import type { Candidate } from "../candidates";
import type { Disks } from "../disks";
import { auxiliaryText, healthOf, stateText } from "../health";
import { vdevName } from "../names";
import { leavesOf, type Vdev } from "../tree";
import { widest } from "./status";

/** What `zpool import` shows of a pool. */
export function listing(
  { hostid, pool }: Candidate,
  disks: Disks,
  ownHostid: string,
): string {
  const health = healthOf(pool, disks);
  const root = health.get(pool.root.guid) ?? { state: "ONLINE" };
  const leaves = leavesOf(pool.root).map((leaf) => health.get(leaf.guid));
  const has = (state: string, aux?: string) =>
    leaves.some(
      (item) =>
        item?.state === state && (aux === undefined || item.aux === aux),
    );
  const isForeign = pool.state === "active" && hostid !== ownHostid;
  const { comment } = pool.properties;
  const indent = comment === undefined ? "" : " ";
  const [status, message] = isForeign
    ? ["The pool was last accessed by another system.", "ZFS-8000-EY"]
    : has("CANT_OPEN", "OPEN_FAILED")
      ? [
          "One or more devices are missing from the system.",
          root.state === "CANT_OPEN" ? "ZFS-8000-3C" : "ZFS-8000-2Q",
        ]
      : has("CANT_OPEN", "CORRUPT_DATA")
        ? [
            "One or more devices contains corrupted data.",
            root.state === "CANT_OPEN" ? "ZFS-8000-5E" : "ZFS-8000-4J",
          ]
        : has("OFFLINE")
          ? ["One or more devices are offlined.", undefined]
          : [undefined, undefined];
  const lines = [
    `${indent}  pool: ${pool.name}`,
    `${indent}    id: ${pool.guid}`,
    `${indent} state: ${stateText(root)}${pool.state === "destroyed" ? " (DESTROYED)" : ""}`,
  ];
  if (status !== undefined) lines.push(`${indent}status: ${status}`);
  lines.push(
    `${indent}action: ${action(root.state, isForeign, has("CANT_OPEN", "OPEN_FAILED"), indent)}`,
  );
  if (comment !== undefined) lines.push(`comment: ${comment}`);
  if (message !== undefined)
    lines.push(
      `${indent}   see: https://openzfs.github.io/openzfs-docs/msg/${message}`,
    );
  lines.push(`${indent}config:`, "");
  const name = (vdev: Vdev, id: number) =>
    vdevName({ ...vdev, notPresent: undefined }, id);
  const width = Math.max(10, widest(pool, name));
  const walk = (vdev: Vdev, title: string, depth: number) => {
    const own = health.get(vdev.guid) ?? { state: "ONLINE" };
    const note = own.aux === undefined ? "" : `  ${auxiliaryText(own.aux)}`;
    lines.push(
      `\t${" ".repeat(depth)}${title.padEnd(width - depth)}  ${stateText(own)}${note}`,
    );
    for (const [id, child] of vdev.children.entries())
      if (depth > 0 || child.bias === undefined)
        walk(child, name(child, id), depth + 2);
  };
  walk(pool.root, pool.name, 0);
  for (const [title, vdevs] of [
    ["cache", pool.caches],
    ["spares", pool.spares],
  ] as const) {
    if (vdevs.length > 0) lines.push(`\t${title}`);
    for (const [id, vdev] of vdevs.entries())
      lines.push(`\t  ${name(vdev, id)}`);
  }
  for (const [bias, title] of [
    ["dedup", "dedup"],
    ["special", "special"],
    ["log", "logs"],
  ] as const) {
    const tops = [...pool.root.children.entries()].filter(
      ([, top]) => top.bias === bias,
    );
    if (tops.length > 0) lines.push(`\t${title}\t`);
    for (const [id, top] of tops) walk(top, name(top, id), 2);
  }
  return `${lines.join("\n")}\n`;
}

function action(
  state: string,
  isForeign: boolean,
  isMissing: boolean,
  indent: string,
): string {
  if (state === "ONLINE")
    return isForeign
      ? `The pool can be imported using its name or numeric identifier and\n\t${indent}the '-f' flag.`
      : "The pool can be imported using its name or numeric identifier.";
  if (state === "DEGRADED")
    return `The pool can be imported despite missing or damaged devices.  The\n\t${indent}fault tolerance of the pool may be compromised if imported.`;
  return isMissing
    ? `The pool cannot be imported. Attach the missing\n\t${indent}devices and try again.`
    : "The pool cannot be imported due to damaged devices or data.";
}
