import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type ZfsPoolArgs = Inputs<z.input<typeof schema>>;

/**
 * A ZFS pool. It is made only on disks that are proved to be blank, is known
 * by its GUID, never replaced, and kept when it is deleted here.
 */
export class ZfsPool extends DynamicResource {
  static readonly kind = "storage:ZfsPool";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(ZfsPool.kind);

  declare readonly guid: Output<string>;
  /** GUIDs of what stands in the pool, by disk. */
  declare readonly disks: Output<Record<string, string>>;
  declare readonly health: Output<string>;
  declare readonly scan: Output<string>;
  declare readonly sparesInUse: Output<string[]>;

  constructor(
    name: string,
    args: ZfsPoolArgs,
    options?: CustomResourceOptions,
  ) {
    super(
      ZfsPool.kind,
      name,
      args,
      ["guid", "disks", "health", "scan", "sparesInUse"],
      options,
    );
  }
}
