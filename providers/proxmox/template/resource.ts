import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type TemplateArgs = Inputs<z.input<typeof schema>>;

/** A template made of a disk image, for guests to be cloned from. */
export class Template extends DynamicResource {
  static readonly kind = "proxmox:Template";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(Template.kind);

  declare readonly vmNumber: Output<number>;

  constructor(
    name: string,
    args: TemplateArgs,
    options?: CustomResourceOptions,
  ) {
    super(Template.kind, name, args, ["vmNumber"], options);
  }
}
