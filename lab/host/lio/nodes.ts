import type { HostWorld } from "../world";
import type { Kernel, NodeAcl, PortalGroup, Target } from "./kernel";
import { Failure, type Signature } from "./line";

interface Within {
  target: Target;
  group: PortalGroup;
}

/** What a path of the tool's tree leads to. */
export type Node =
  | { kind: "root" }
  | { kind: "backstores" }
  | { kind: "block" }
  | { kind: "iscsi" }
  | { kind: "object"; name: string }
  | { kind: "target"; target: Target }
  | ({ kind: "group" } & Within)
  | ({ kind: "luns" } & Within)
  | ({ kind: "acls" } & Within)
  | ({ kind: "portals" } & Within)
  | ({ kind: "acl"; acl: NodeAcl } & Within)
  | { kind: "leaf" };

/** Backstores of the real tool that this machine does without. */
const others = ["fileio", "pscsi", "ramdisk"];

export function nodeAt(kernel: Kernel, path: string): Node {
  const names = path.split("/").filter(Boolean);
  const walked: string[] = [];
  let node: Node = { kind: "root" };
  for (const name of names) {
    if (name === ".") continue;
    const next = childOf(kernel, node, name);
    if (next === undefined) {
      throw new Failure(`No such path /${[...walked, name].join("/")}`);
    }
    walked.push(name);
    node = next;
  }
  return node;
}

function childOf(kernel: Kernel, node: Node, name: string): Node | undefined {
  switch (node.kind) {
    case "root":
      return name === "backstores" || name === "iscsi"
        ? { kind: name }
        : undefined;
    case "backstores":
      if (others.includes(name))
        throw new Failure(
          `the lab's targetcli has block backstores only, not ${name}`,
        );
      return name === "block" ? { kind: "block" } : undefined;
    case "block":
      return kernel.objects.some((object) => object.name === name)
        ? { kind: "object", name }
        : undefined;
    case "iscsi": {
      const target = kernel.targets.find(({ wwn }) => wwn === name);
      return target && { kind: "target", target };
    }
    case "target": {
      const { target } = node;
      const group = target.groups.find(({ tag }) => `tpg${tag}` === name);
      return group && { kind: "group", target, group };
    }
    case "group":
      return name === "luns" || name === "acls" || name === "portals"
        ? { ...node, kind: name }
        : undefined;
    case "acls": {
      const acl = node.group.acls.find(({ wwn }) => wwn === name);
      return acl && { ...node, kind: "acl", acl };
    }
    case "luns":
      return node.group.luns.some(({ index }) => `lun${index}` === name)
        ? { kind: "leaf" }
        : undefined;
    case "portals":
      return node.group.portals.some(
        ({ address, port }) => `${address}:${port}` === name,
      )
        ? { kind: "leaf" }
        : undefined;
    case "acl":
      return node.acl.mappedLuns.some(
        ({ index }) => `mapped_lun${index}` === name,
      )
        ? { kind: "leaf" }
        : undefined;
    default:
      return undefined;
  }
}

export type Given = Record<string, string | undefined>;
export type Of<Kind extends Node["kind"]> = Extract<Node, { kind: Kind }>;

export interface Command<Kind extends Node["kind"] = Node["kind"]>
  extends Signature {
  run(scope: Scope, node: Of<Kind>, given: Given): void;
}

/** What a command works on and with. */
export interface Scope {
  world: HostWorld;
  kernel: Kernel;
  say(line: string): void;
}
