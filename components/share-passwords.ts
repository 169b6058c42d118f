import { Config } from "@pulumi/pulumi/config";
import { RunError } from "@pulumi/pulumi/errors";
import type { Output } from "@pulumi/pulumi/output";

type Credentials = Record<string, { smb?: Record<string, string> }>;

/** Of those who log in at a host's shares: they are among its credentials. */
export function sharePasswords(
  host: string,
  accounts: readonly string[],
): Output<Record<string, string>> {
  return new Config("hybrid-site")
    .requireSecretObject<Credentials>("credentials")
    .apply((credentials) => passwordsIn(credentials, host, accounts));
}

export function passwordsIn(
  credentials: Credentials,
  host: string,
  accounts: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    accounts.map((name): [string, string] => {
      const password = credentials[host]?.smb?.[name];
      if (password !== undefined) return [name, password];
      throw new RunError(
        `Unable to make account "${name}" of the shares of host "${host}": its password is not set. Set it with "pulumi config set --secret --path hybrid-site:credentials.${host}.smb.${name} PASSWORD".`,
      );
    }),
  );
}
