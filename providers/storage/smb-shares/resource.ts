import {
  type CustomResourceOptions,
  type Input,
  mergeOptions,
  type Output,
} from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type { schema } from "./model";

type Args = z.input<typeof schema>;

/** A password may come late, as a secret does. */
export type SmbSharesArgs = Inputs<Omit<Args, "passwords">> & {
  passwords: Input<Record<string, Input<string>>>;
};

/**
 * Directories that a machine shares by SMB, in Samba's registry, with the
 * accounts that use them. Each one is there only while its dataset is mounted,
 * for the named accounts at the named addresses; smbd listens on the named
 * addresses of the host only. Shares and accounts of others stay as they are.
 *
 * What password an account has cannot be read, and no digest of it is kept:
 * read is when it was set, so that one set by others is set again.
 */
export class SmbShares extends DynamicResource {
  static readonly kind = "storage:SmbShares";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(SmbShares.kind);

  /** When each account's password was set last, as the host says it. */
  declare readonly passwordsSet: Output<Record<string, string>>;

  /** Whose the shares are, by their marks. */
  declare readonly mark: Output<string>;

  constructor(
    name: string,
    args: SmbSharesArgs,
    options: CustomResourceOptions = {},
  ) {
    super(
      SmbShares.kind,
      name,
      args,
      ["passwordsSet", "mark"],
      mergeOptions(options, { additionalSecretOutputs: ["passwords"] }),
    );
  }
}
