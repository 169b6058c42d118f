import { z } from "zod";
import { parseHostKey } from "../host/client/keys";
import { UserError } from "./failure";

const account = z.strictObject({ username: z.string(), password: z.string() });

const proxmoxEndpoint = z
  .strictObject({
    url: z.url({ protocol: /^https$/ }),
    ca: z.string().optional(),
    fingerprints: z.array(z.string()).min(1).max(2).optional(),
  })
  .refine(
    ({ ca, fingerprints }) =>
      (ca === undefined) !== (fingerprints === undefined),
    "give either ca or fingerprints",
  );

const proxmoxCredential = z.union([
  z.strictObject({ token: z.string() }),
  account,
]);

const openwrtEndpoint = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    ca: z.string().optional(),
    fingerprints: z.array(z.string()).min(1).max(2).optional(),
  })
  .refine(
    ({ url, ca, fingerprints }) =>
      url.startsWith("https:")
        ? (ca === undefined) !== (fingerprints === undefined)
        : ca === undefined && fingerprints === undefined,
    "give either ca or fingerprints with https, and neither with http",
  )
  .refine(
    ({ url }) => url.startsWith("https:") || isLoopback(new URL(url).hostname),
    "http is for a tunnel's end on this machine (127.0.0.1) only, write https",
  );

const sshEndpoint = z.strictObject({
  address: z.string().min(1),
  port: z.int().min(1).max(65_535).default(22),
  hostKeys: z
    .array(
      z
        .string()
        .refine(
          (line) => parseHostKey(line) !== undefined,
          'write a line as "ssh-keyscan ADDRESS" prints it, "ssh-ed25519 AAAA..."',
        ),
    )
    .min(1)
    .max(4),
  /** Another host of the configuration, over which the way leads. */
  bastion: z.string().optional(),
});

const sshAccount = z.union([
  z.strictObject({
    username: z.string(),
    privateKey: z.string(),
    passphrase: z.string().optional(),
  }),
  /** The path of the agent's socket; true takes SSH_AUTH_SOCK's. */
  z.strictObject({
    username: z.string(),
    agent: z.union([z.string(), z.literal(true)]),
  }),
]);

const endpoints = z.record(
  z.string(),
  z.strictObject({
    proxmox: proxmoxEndpoint.optional(),
    openwrt: openwrtEndpoint.optional(),
    ssh: sshEndpoint.optional(),
  }),
);

const credentials = z.record(
  z.string(),
  z.strictObject({
    proxmox: proxmoxCredential.optional(),
    openwrt: account
      .extend({
        /** Of lines that dial in, by the line's name: components read them. */
        pppoe: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
    ssh: sshAccount.optional(),
    /** CHAP of a host that logs in to targets: components read it. */
    iscsi: z
      .strictObject({
        password: z.string(),
        /** By what targets prove themselves to it. */
        mutualPassword: z.string().optional(),
      })
      .optional(),
    /** Passwords of those who log in at its shares: components read them. */
    smb: z.record(z.string(), z.string()).optional(),
  }),
);

export type Endpoints = z.output<typeof endpoints>;
export type Credentials = z.output<typeof credentials>;

/**
 * The stack's configuration as the engine hands it to a provider: texts, of
 * which nothing is parsed before it is asked for, because the SDK does not
 * wait for `configure`.
 */
export class Configuration {
  constructor(private readonly text: (key: string) => string | undefined) {}

  get endpoints(): Endpoints {
    return this.parse("endpoints", endpoints);
  }

  get credentials(): Credentials {
    return this.parse("credentials", credentials);
  }

  private parse<T>(key: string, schema: z.ZodType<T>): T {
    const text = this.text(`hybrid-site:${key}`);
    if (text === undefined) {
      throw new UserError(
        `Unable to read configuration "hybrid-site:${key}": it is not set. Set it with "pulumi config set${key === "credentials" ? " --secret" : ""} --path hybrid-site:${key}.HOST...".`,
      );
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The parser's own message quotes the text, which may be a secret.
      throw invalid(key, "it is not JSON");
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const problems = result.error.issues.map(
      (issue) => `${issue.path.join(".") || "the value"}: ${issue.message}`,
    );
    throw invalid(key, problems.join("; "));
  }
}

function isLoopback(host: string): boolean {
  return (
    host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host)
  );
}

function invalid(key: string, cause: string): UserError {
  return new UserError(
    `Unable to read configuration "hybrid-site:${key}": ${cause}. Correct it with "pulumi config set"; Pulumi.yaml describes its form.`,
  );
}
