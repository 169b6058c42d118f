import { withoutPartition } from "../names";
import { typeName, type Vdev } from "../tree";
import type { Specification } from "./specification";

const nameOf = (vdev: Vdev) => {
  if (vdev.kind !== "disk") return typeName(vdev);
  const last = vdev.path?.slice(vdev.path.lastIndexOf("/") + 1) ?? "";
  return vdev.wholeDisk ? withoutPartition(last) : last;
};

function lines(
  vdev: Vdev,
  indent: number,
  name: (vdev: Vdev) => string,
): string {
  return `\t${" ".repeat(indent)}${name(vdev)}\n${vdev.children
    .map((child) => lines(child, indent + 2, name))
    .join("")}`;
}

/** What `create -n` and `add -n` print of a tree to come. */
export function layout(
  name: string,
  spec: Specification,
  before: Specification = { tops: [], spares: [], caches: [] },
  beforeName: (vdev: Vdev) => string = nameOf,
): string {
  const section = (
    title: string | undefined,
    pick: (vdev: Vdev) => boolean,
  ) => {
    const text = [
      ...before.tops.filter(pick).map((top) => lines(top, 2, beforeName)),
      ...spec.tops.filter(pick).map((top) => lines(top, 2, nameOf)),
    ].join("");
    return text === "" ? "" : `\t${title ?? name}\n${text}`;
  };
  const list = (title: string, vdevs: readonly Vdev[]) =>
    vdevs.length === 0
      ? ""
      : `\t${title}\n${vdevs.map((vdev) => lines(vdev, 2, nameOf)).join("")}`;
  return [
    section(undefined, ({ bias }) => bias === undefined),
    section("dedup", ({ bias }) => bias === "dedup"),
    section("special", ({ bias }) => bias === "special"),
    section("logs", ({ bias }) => bias === "log"),
    list("cache", [...before.caches, ...spec.caches]),
    list("spares", [...before.spares, ...spec.spares]),
  ].join("");
}
