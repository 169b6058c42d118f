import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** Protects nothing: the lab's tokens open simulated devices on this machine only. */
export const passphrase = "lab";

/** Pulumi's passphrase provider, pulumi/pkg secrets/passphrase and config/crypt.go. */
const iterations = 1_000_000;
const keyBytes = 32;

export interface Encrypter {
  /** What stands under `encryptionsalt`. */
  salt: string;
  encrypt(text: string): string;
}

/** With the salt that a stack file has already, because its state goes by it too. */
export function newEncrypter(kept?: string, phrase = passphrase): Encrypter {
  const [, bytes] = kept?.split(":") ?? [];
  const salt = bytes ? Buffer.from(bytes, "base64") : randomBytes(8);
  const key = pbkdf2Sync(phrase, salt, iterations, keyBytes, "sha256");
  const encrypt = (text: string) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const sealed = Buffer.concat([
      cipher.update(text, "utf8"),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
  };
  return {
    salt: kept ?? `v1:${salt.toString("base64")}:${encrypt("pulumi")}`,
    encrypt,
  };
}
