import type { TLSSocket } from "node:tls";
import type { buildConnector } from "undici";

export interface Endpoint {
  url: string;
  /** PEM. The name in the URL must be in the certificate. */
  ca?: string;
  /** SHA-256 of the leaf's DER form; two during a rotation. */
  fingerprints?: string[];
}

const connectTimeoutMs = 10_000;

/** The certificate is not the pinned one: nothing was sent. */
export class PinMismatch extends Error {
  constructor(actual: string, expected: readonly string[]) {
    super(
      `its certificate has the SHA-256 fingerprint ${actual}, pinned is ${expected.join(" or ")}`,
    );
  }
}

/**
 * Makes TLS connections that are verified before the first byte of a request:
 * by the CA with the name, or by the leaf's fingerprint, which then stands in
 * for the chain.
 */
export function verifiedConnector(
  endpoint: Endpoint,
): buildConnector.connector {
  const pins = endpoint.fingerprints?.map(normalize);
  // Loaded with the transport.
  const undici = require("undici") as typeof import("undici");
  const connect = undici.buildConnector({
    ca: endpoint.ca,
    timeout: connectTimeoutMs,
    allowH2: false,
    ...(pins && {
      // A pin stands in for the chain, and is compared below before anything is sent.
      rejectUnauthorized: pins.length === 0,
      // A resumed session shows no certificate to compare.
      maxCachedSessions: 0,
    }),
  });
  if (pins === undefined) return connect;
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error) return callback(error, null);
      const actual = (socket as TLSSocket).getPeerCertificate().fingerprint256;
      if (pins.includes(normalize(actual ?? ""))) {
        return callback(null, socket);
      }
      socket.destroy();
      callback(
        new PinMismatch(actual ?? "none", endpoint.fingerprints ?? []),
        null,
      );
    });
}

function normalize(fingerprint: string): string {
  return fingerprint.replace(/^sha256:|:/gi, "").toUpperCase();
}
