import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type PciMappingArgs = Inputs<z.input<typeof schema>>;

/**
 * A PCI resource mapping: the name under which guests, and API tokens that may
 * not name a raw address, get a card of the node that they run on. It is made
 * only for a card that is there and whose IOMMU group takes nothing else along.
 */
export class PciMapping extends DynamicResource {
  static readonly kind = "proxmox:PciMapping";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(PciMapping.kind);

  /** It stood there before: deletion takes only the mark away. */
  declare readonly adopted: Output<boolean>;

  constructor(
    name: string,
    args: PciMappingArgs,
    options?: CustomResourceOptions,
  ) {
    super(PciMapping.kind, name, args, ["adopted"], options);
  }
}
