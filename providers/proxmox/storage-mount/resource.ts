import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type StorageMountArgs = Inputs<z.input<typeof schema>>;

/**
 * A storage definition of a host or its cluster. What lies on the storage is
 * not part of it: deletion and replacement take the definition only, the data
 * stays where it is, and both are refused while guests have disks there.
 *
 * PVE has no place for a mark in a definition. A definition is known as ours by
 * the stack's state, and, where that was lost, by being exactly what is
 * declared: one that somebody else made just so is taken for ours.
 */
export class StorageMount extends DynamicResource {
  static readonly kind = "proxmox:StorageMount";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(StorageMount.kind);

  /** It stood there before: deletion leaves it. */
  declare readonly adopted: Output<boolean>;

  constructor(
    name: string,
    args: StorageMountArgs,
    options?: CustomResourceOptions,
  ) {
    super(StorageMount.kind, name, args, ["adopted"], options);
  }
}
