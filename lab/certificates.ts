import { createHash, randomUUID, webcrypto } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  ca: string;
  cert: string;
  key: string;
  /** SHA-256 of the leaf, AA:BB:.. */
  fingerprint: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const lifeMs = 10 * 365 * 86_400_000;

/** A CA and a leaf for one address, made at first use and kept. */
export async function certificateFor(
  directory: string,
  name: string,
  address: string,
): Promise<Certificate> {
  const file = join(directory, `${name}-certificate.json`);
  if (existsSync(file))
    return JSON.parse(readFileSync(file, "utf8")) as Certificate;
  const made = await make(name, address);
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

async function make(name: string, address: string): Promise<Certificate> {
  // What the library is built on asks for it.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as typeof globalThis.crypto);
  const keys = () =>
    webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const common = {
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + lifeMs),
    signingAlgorithm: algorithm,
  };
  const serial = () => randomUUID().replaceAll("-", "");
  const caKeys = await keys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: serial(),
    name: `CN=Proxmox Virtual Environment, OU=${randomUUID()}, O=PVE Cluster Manager CA`,
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const leafKeys = await keys();
  const leaf = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: serial(),
    subject: `CN=${name}, OU=PVE Cluster Node, O=Proxmox Virtual Environment`,
    issuer: ca.subject,
    publicKey: leafKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: address },
        { type: "dns", value: name },
      ]),
    ],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey);
  const digest = createHash("sha256")
    .update(Buffer.from(leaf.rawData))
    .digest("hex");
  return {
    ca: ca.toString("pem"),
    cert: leaf.toString("pem"),
    key: x509.PemConverter.encode(key, "PRIVATE KEY"),
    fingerprint: (digest.toUpperCase().match(/../g) ?? []).join(":"),
  };
}
