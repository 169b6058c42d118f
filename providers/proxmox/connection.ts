import { isDeepStrictEqual } from "node:util";
import { UserError } from "../dynamic/failure";
import type { Operation } from "../dynamic/kind";
import type { Credential, Endpoint, ProxmoxSession } from "./client";
import { ProxmoxClient } from "./client";

interface Connection {
  endpoint: Endpoint;
  credential: Credential;
  client: ProxmoxClient;
}

/** One client a host for the whole process: connections and lists are shared. */
const connections = new Map<string, Connection>();

export function connect(operation: Operation, host: string): ProxmoxSession {
  const endpoint = operation.configuration.endpoints[host]?.proxmox;
  const credential = operation.configuration.credentials[host]?.proxmox;
  if (endpoint === undefined) throw missing(host, "endpoints");
  if (credential === undefined) throw missing(host, "credentials");
  const known = connections.get(host);
  if (
    known &&
    isDeepStrictEqual(known.endpoint, endpoint) &&
    isDeepStrictEqual(known.credential, credential)
  ) {
    return known.client.session(operation.signal, operation.tell);
  }
  // Waits for what is under way with the old ones.
  void known?.client.close();
  const { beforeWrite } = operation;
  const client = new ProxmoxClient({ host, endpoint, credential, beforeWrite });
  connections.set(host, { endpoint, credential, client });
  return client.session(operation.signal, operation.tell);
}

function missing(host: string, key: "endpoints" | "credentials"): UserError {
  const hint =
    key === "endpoints"
      ? `"pulumi config set --path hybrid-site:endpoints.${host}.proxmox.url https://ADDRESS:8006" and a CA or a fingerprint`
      : `"pulumi config set --secret --path hybrid-site:credentials.${host}.proxmox.token USER@REALM!ID=UUID"`;
  return new UserError(
    `Unable to reach host "${host}": hybrid-site:${key} has no "${host}.proxmox". Set it with ${hint}.`,
  );
}
