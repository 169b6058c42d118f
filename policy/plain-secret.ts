import { type ResourceValidationPolicy, Secret } from "@pulumi/policy";

/** Names under which secrets travel. */
const secretName = /(password|passphrase|secret|token|private_?key|api_?key)$/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** By URN, the places that hold a plain secret. */
const found = new Map<string, string[]>();

/**
 * Only a remediation is told which values are secrets; this one changes
 * nothing and leaves what it saw to the validation.
 */
export const lookForSecrets: ResourceValidationPolicy = {
  name: "look-for-secrets",
  description: "Looks for secrets in plain text on behalf of no-plain-secret.",
  enforcementLevel: "remediate",
  remediateResource: ({ urn, props }) => {
    found.set(urn, plainSecrets(props, ""));
  },
};

export const plainSecret: ResourceValidationPolicy = {
  name: "no-plain-secret",
  description: "No input holds a secret in plain text.",
  enforcementLevel: "mandatory",
  validateResource: ({ urn }, report) => {
    for (const place of found.get(urn) ?? []) {
      report(
        `Input ${place} holds what looks like a secret in plain text. Pass it as a Pulumi secret (pulumi config set --secret).`,
      );
    }
  },
};

export function plainSecrets(value: unknown, place: string): string[] {
  if (value instanceof Secret) return [];
  if (typeof value === "string") return privateKey.test(value) ? [place] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.keys(value).flatMap((key) => {
    // The descriptor shows the wrapper that the property's getter takes off.
    const item: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
    const at = place ? `${place}.${key}` : key;
    const plain =
      typeof item === "string" && item !== "" && secretName.test(key);
    return plain ? [at] : plainSecrets(item, at);
  });
}
