import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { newEncrypter, passphrase } from "../../lab/secrets";

/** As pulumi's config/crypt.go reads it. */
function decrypt(salt: string, secret: string): string {
  const [, saltBytes = ""] = salt.split(":");
  const [version, nonce = "", sealed = ""] = secret.split(":");
  expect(version).toBe("v1");
  const key = pbkdf2Sync(
    passphrase,
    Buffer.from(saltBytes, "base64"),
    1_000_000,
    32,
    "sha256",
  );
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv(
    "aes-256-gcm",
    key,
    Buffer.from(nonce, "base64"),
  ).setAuthTag(bytes.subarray(-16));
  return (
    decipher.update(bytes.subarray(0, -16)).toString() +
    decipher.final().toString()
  );
}

test("a secret is one that Pulumi's passphrase provider reads, under its salt's own check", () => {
  const { salt, encrypt } = newEncrypter();
  expect(decrypt(salt, encrypt("té st"))).toBe("té st");
  expect(decrypt(salt, salt.split(":").slice(2).join(":"))).toBe("pulumi");
});

test("the same text never looks the same", () => {
  const { encrypt } = newEncrypter();
  expect(encrypt("token")).not.toBe(encrypt("token"));
});

test("a salt that a stack has is kept, and what was encrypted under it stays readable", () => {
  const first = newEncrypter();
  const second = newEncrypter(first.salt);
  expect(second.salt).toBe(first.salt);
  expect(decrypt(first.salt, second.encrypt("later"))).toBe("later");
});
