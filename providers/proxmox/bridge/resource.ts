import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type BridgeArgs = Inputs<z.input<typeof schema>>;

/**
 * A Linux bridge of a node, with the bonds that it is declared with. A change
 * is staged, compared, applied and watched; what does not come up is undone.
 */
export class Bridge extends DynamicResource {
  static readonly kind = "proxmox:Bridge";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(Bridge.kind);

  /** It stood there before: deletion takes only the mark away. */
  declare readonly adopted: Output<boolean>;

  constructor(name: string, args: BridgeArgs, options?: CustomResourceOptions) {
    super(Bridge.kind, name, args, ["adopted"], options);
  }
}
