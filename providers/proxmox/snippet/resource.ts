import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

export type SnippetArgs = Inputs<z.input<typeof schema>>;

/**
 * A file for cloud-init on a storage of a Proxmox VE host. It goes there over
 * SSH, because PVE's API takes no snippets. A guest gets a new content when PVE
 * makes its cloud-init drive the next time: at its next start.
 */
export class Snippet extends DynamicResource {
  static readonly kind = "proxmox:Snippet";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(Snippet.kind);

  /** "local:snippets/web.yaml", as cloudInit.vendorData takes it. */
  declare readonly volumeId: Output<string>;
  /** On the host. */
  declare readonly path: Output<string>;
  /** It stood there before: deletion puts it back. */
  declare readonly adopted: Output<boolean>;

  constructor(
    name: string,
    args: SnippetArgs,
    options?: CustomResourceOptions,
  ) {
    super(
      Snippet.kind,
      name,
      args,
      ["volumeId", "path", "adopted", "mark"],
      options,
    );
  }
}
