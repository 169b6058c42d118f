import { Failure } from "./failure";
import type { Faults } from "./faults";
import type { Schema } from "./parameters";
import type { Tasks } from "./tasks";
import type { Account, Node, World } from "./world";

/** A request that has been let in, on its way to a handler. */
export interface Call {
  world: World;
  tasks: Tasks;
  faults: Faults;
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
  handle: (call: Call) => unknown;
}

/** Data with what stands beside it in the reply (PVE's set_result_attrib). */
export class Reply {
  constructor(
    readonly data: unknown,
    readonly attributes: Record<string, unknown>,
  ) {}
}

export function requirePrivilege(
  call: Call,
  path: string,
  ...privileges: string[]
): void {
  if (call.isRoot) return;
  if (privileges.some((name) => call.account.privileges.includes(name))) return;
  throw new Failure(
    403,
    `Permission check failed (${path}, ${privileges.join("|")})`,
  );
}
