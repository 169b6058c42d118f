import { createHash } from "node:crypto";

/** A line as `ssh-keyscan` prints it, with or without the address before. */
const hostKey =
  /^(?:\S+ )?(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) ([A-Za-z0-9+/]+=*)(?: .*)?$/;

export interface HostKey {
  type: string;
  /** As it comes over the wire. */
  blob: Buffer;
}

export function parseHostKey(line: string): HostKey | undefined {
  const [, type, base64] = hostKey.exec(line.trim()) ?? [];
  if (type === undefined || base64 === undefined) return undefined;
  const blob = Buffer.from(base64, "base64");
  // The blob begins with its own type.
  const length = blob.length > 4 ? blob.readUInt32BE(0) : 0;
  return blob.subarray(4, 4 + length).toString() === type
    ? { type, blob }
    : undefined;
}

/** As `ssh-keygen -lf` prints it. */
export function fingerprint(blob: Buffer): string {
  const hash = createHash("sha256").update(blob).digest("base64");
  return `SHA256:${hash.replace(/=+$/, "")}`;
}

/** Only what the pinned keys can answer: a server may have others too. */
export function algorithmsOf(keys: readonly HostKey[]): string[] {
  return [...new Set(keys.map(({ type }) => type))].flatMap((type) =>
    type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type],
  );
}
