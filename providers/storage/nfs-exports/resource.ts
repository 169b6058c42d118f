import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type NfsExportsArgs = Inputs<z.input<typeof schema>>;

/**
 * Directories that a machine exports by NFS, in a file of their own. Each one
 * is exported only while its dataset is mounted, and to addresses only.
 */
export class NfsExports extends DynamicResource {
  static readonly kind = "storage:NfsExports";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(NfsExports.kind);

  /** The file stood there before: deletion takes only the mark away. */
  declare readonly adopted: Output<boolean>;

  /** Whose the file is, by its mark. */
  declare readonly mark: Output<string>;

  constructor(
    name: string,
    args: NfsExportsArgs,
    options?: CustomResourceOptions,
  ) {
    super(NfsExports.kind, name, args, ["adopted", "mark"], options);
  }
}
