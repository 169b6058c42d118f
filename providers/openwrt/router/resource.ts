import type { CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import { DynamicResource } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { Section } from "../uci/section";
import type { RouterArgs as Args } from "./model";

type Files = "network" | "firewall" | "dhcp" | "mwan3";

/** A section may come late, as one with a secret does. */
export type RouterArgs = {
  [Key in keyof Omit<Args, Files>]: Input<Args[Key]>;
} & { [Key in Files]: Input<readonly Input<Section>[]> };

/**
 * An OpenWrt router's network, firewall, dhcp and mwan3. A change is staged as
 * a whole and applied once under the router's own timer; it stays only when it
 * has proved itself, else the router goes back to what it had.
 */
export class Router extends DynamicResource {
  static readonly kind = "openwrt:Router";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(Router.kind);

  /** Id of the last change that was confirmed. */
  declare readonly applied: Output<string>;

  constructor(name: string, args: RouterArgs, options?: CustomResourceOptions) {
    super(Router.kind, name, args, ["applied"], options);
  }
}
