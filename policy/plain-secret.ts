import { Output } from "@pulumi/pulumi";
import type { ResourceValidationPolicy } from "@pulumi/policy";

/** Names under which secrets travel; a key that only names one is none. */
const secretName = /(password|passphrase|secret|token|private_?key|api_?key)$/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

export const plainSecret: ResourceValidationPolicy = {
  name: "no-plain-secret",
  description: "No input holds a secret in plain text.",
  enforcementLevel: "mandatory",
  validateResource: ({ props, isSecret }: never, report) => {
    void isSecret;
    for (const place of plainSecrets(props, "")) {
      report(
        `Input ${place} holds what looks like a secret in plain text. Pass it as a Pulumi secret (pulumi config set --secret).`,
      );
    }
  },
};

function plainSecrets(value: unknown, place: string): string[] {
  if (Output.isInstance(value)) return [];
  if (typeof value === "string") return privateKey.test(value) ? [place] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = place ? `${place}.${key}` : key;
    const plain = typeof item === "string" && item !== "" && secretName.test(key);
    return plain ? [at] : plainSecrets(item, at);
  });
}
