import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type IscsiTargetArgs = Inputs<z.input<typeof schema>>;

/**
 * Volumes of ZFS that a machine serves by iSCSI (LIO): at its declared
 * addresses only, to declared initiators only, each with CHAP. Deletion takes
 * target and backstores away, the volumes stay.
 *
 * What LIO saves for the next start has the secrets in clear, as its kernel
 * has: /etc/rtslib-fb-target, readable by root only. Give `credentials` as a
 * Pulumi secret.
 */
export class IscsiTarget extends DynamicResource {
  static readonly kind = "storage:IscsiTarget";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(IscsiTarget.kind);

  /** The target stood there before: deletion takes only the mark away. */
  declare readonly adopted: Output<boolean>;
  /** Whose mark it was given last. */
  declare readonly mark: Output<string>;

  constructor(
    name: string,
    args: IscsiTargetArgs,
    options?: CustomResourceOptions,
  ) {
    super(IscsiTarget.kind, name, args, ["adopted", "mark"], {
      ...options,
      additionalSecretOutputs: [
        ...(options?.additionalSecretOutputs ?? []),
        "credentials",
      ],
    });
  }
}
