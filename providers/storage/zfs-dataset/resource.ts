import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type ZfsDatasetArgs = Inputs<z.input<typeof schema>>;

/**
 * A file system or volume of a pool, with the properties that are set on it
 * and the snapshots that the machine takes of it. It is never replaced, and
 * deletion leaves its data unless `destroy` repeats what is to go.
 */
export class ZfsDataset extends DynamicResource {
  static readonly kind = "storage:ZfsDataset";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(ZfsDataset.kind);

  declare readonly guid: Output<string>;
  /** It stood there before: deletion takes only the mark away. */
  declare readonly adopted: Output<boolean>;

  constructor(
    name: string,
    args: ZfsDatasetArgs,
    options?: CustomResourceOptions,
  ) {
    super(ZfsDataset.kind, name, args, ["guid", "adopted", "mark"], options);
  }
}
