import type { CustomResourceOptions, Input } from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/pulumi/resource";
import { providerKey, providerText, typeToken } from "./token";

export type Inputs<T> = { [Key in keyof T]: Input<T[Key]> };

/**
 * A resource that a dynamic provider of this project serves. Unlike
 * `pulumi.dynamic.Resource` it serializes no closure: `__provider` is one
 * constant text per kind, so state stays small and a code edit changes nothing.
 */
export abstract class DynamicResource extends CustomResource {
  protected constructor(
    kind: string,
    name: string,
    inputs: object,
    outputs: readonly string[],
    options?: CustomResourceOptions,
  ) {
    // A key with an undefined value becomes an output property of the instance.
    const unset = Object.fromEntries(outputs.map((key) => [key, undefined]));
    super(
      typeToken(kind),
      name,
      { ...unset, ...inputs, [providerKey]: providerText(kind) },
      options,
    );
  }
}
