import type { CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

type Args = z.input<typeof schema>;

/** A file may come late, as one with a secret does. */
export type ManagedFilesArgs = Inputs<Omit<Args, "files">> & {
  files: Input<readonly Input<Inputs<Args["files"][number]>>[]>;
};

/**
 * Files of a host, put and taken together. New ones are sent, checked by
 * `validate`, put in place by renames, and taken back when `reload` does not go
 * with them. What stood in their place comes back when they are removed.
 *
 * The host keeps whose they are, what was there before, and the steps of a
 * change under way below /var/lib/hybrid-site, readable by root only. Neither
 * there nor in the state is a digest of a file's content: a host's file is
 * compared with what the state has, encrypted where it is a secret. One secret
 * makes Pulumi hide all of `files`: give secret files a resource of their own
 * where the differences of the others are to be seen.
 */
export class ManagedFiles extends DynamicResource {
  static readonly kind = "host:ManagedFiles";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(ManagedFiles.kind);

  /** Paths of what stood there before: deletion puts it back. */
  declare readonly adopted: Output<string[]>;

  constructor(
    name: string,
    args: ManagedFilesArgs,
    options?: CustomResourceOptions,
  ) {
    super(ManagedFiles.kind, name, args, ["adopted", "mark"], options);
  }
}
