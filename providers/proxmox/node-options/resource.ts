import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { Options, schema } from "./model";

export type NodeOptionsArgs = Inputs<z.input<typeof schema>>;

/**
 * Options that a node of Proxmox VE has once: how long it waits after its boot
 * before it starts guests, and its time zone. An option that is left out is
 * nobody's business; one that is no longer declared, and each at deletion, is
 * put back to what stood there before.
 *
 * PVE has no place for a mark: of a node's configuration only the description
 * could hold one, and that is people's. So what stood before is known to the
 * stack's state alone. Where the state was lost, what is found is taken for it,
 * be it ours, and deletion then leaves that. For one node there is to be one of
 * these: two would undo each other.
 */
export class NodeOptions extends DynamicResource {
  static readonly kind = "proxmox:NodeOptions";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(NodeOptions.kind);

  /** What deletion puts back. */
  declare readonly before: Output<Options>;

  constructor(
    name: string,
    args: NodeOptionsArgs,
    options?: CustomResourceOptions,
  ) {
    super(NodeOptions.kind, name, args, ["before"], options);
  }
}
