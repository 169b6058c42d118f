import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { MultipathMapOutputs, schema } from "./model";

export type MultipathMapArgs = Inputs<z.input<typeof schema>>;

/**
 * The disks of a machine that are reached by several paths, each as one device
 * "/dev/mapper/WWID". One of these a machine.
 */
export class MultipathMap extends DynamicResource {
  static readonly kind = "storage:MultipathMap";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(MultipathMap.kind);

  declare readonly maps: Output<MultipathMapOutputs["maps"]>;
  /** The settings stood there before: deletion takes only the mark away. */
  declare readonly adopted: Output<boolean>;

  /** Whose the settings are, by their mark. */
  declare readonly mark: Output<string>;

  constructor(
    name: string,
    args: MultipathMapArgs,
    options?: CustomResourceOptions,
  ) {
    super(MultipathMap.kind, name, args, ["maps", "adopted", "mark"], options);
  }
}
