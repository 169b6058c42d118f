import { privilegesAt } from "./access";
import { Failure } from "./failure";
import type { Faults } from "./faults";
import type { HaManager } from "./ha";
import type { Schema } from "./parameters";
import type { Tasks } from "./tasks";
import type { Account, Node, World } from "./world";

/** A request that has been let in, on its way to a handler. */
export interface Call {
  world: World;
  tasks: Tasks;
  faults: Faults;
  ha: HaManager;
  /** The node that the request came to. */
  contacted: Node;
  /** The node that the path names. */
  node: Node;
  cluster: string;
  user: string;
  isRoot: boolean;
  account: Account;
  params: Record<string, string>;
  /** What stands in the path's places, in order, the node left out. */
  places: string[];
}

export interface Route {
  method: string;
  /** "/nodes/{node}/qemu/{vmid}/config" */
  path: string;
  schema?: Schema;
  /** What PVE checks before it looks at the parameters; throws to refuse. */
  allow?: (call: Call) => void;
  handle: (call: Call) => unknown;
}

/** Data with what stands beside it in the reply (PVE's set_result_attrib). */
export class Reply {
  constructor(
    readonly data: unknown,
    readonly attributes: Record<string, unknown>,
  ) {}
}

/** Whether the caller has one of the privileges at the path. */
export function may(
  call: Call,
  path: string,
  ...privileges: string[]
): boolean {
  if (call.isRoot) return true;
  const had = privilegesAt(call.world, call.account, call.user, path);
  return privileges.some((name) => had.has(name));
}

export function requirePrivilege(
  call: Call,
  path: string,
  ...privileges: string[]
): void {
  if (may(call, path, ...privileges)) return;
  throw new Failure(
    403,
    `Permission check failed (${path}, ${privileges.join("|")})`,
  );
}

/** For parameters that PVE takes from root@pam's ticket alone. */
export function requireRootFor(call: Call, ...names: string[]): void {
  for (const name of names) {
    const value = call.params[name];
    if (call.isRoot || value === undefined || value === "0") continue;
    throw new Failure(400, "Parameter verification failed.", {
      [name]: "Only root may use this option.",
    });
  }
}
