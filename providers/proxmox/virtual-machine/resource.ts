import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type VirtualMachineArgs = Inputs<z.input<typeof schema>>;

/** A QEMU guest on Proxmox VE. */
export class VirtualMachine extends DynamicResource {
  static readonly kind = "proxmox:VirtualMachine";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(VirtualMachine.kind);

  declare readonly vmNumber: Output<number>;
  declare readonly addresses: Output<string[]>;
  declare readonly pending: Output<string[]>;

  constructor(
    name: string,
    args: VirtualMachineArgs,
    options?: CustomResourceOptions,
  ) {
    super(
      VirtualMachine.kind,
      name,
      args,
      ["vmNumber", "addresses", "pending"],
      options,
    );
  }

  static override isInstance(value: object): value is VirtualMachine {
    return (
      (value as { __pulumiType?: string }).__pulumiType ===
      VirtualMachine.__pulumiType
    );
  }
}
