import { isDeepStrictEqual } from "node:util";
import { UserError } from "../dynamic/failure";
import type { Operation } from "../dynamic/kind";
import type { Endpoint } from "../tls";
import { type Account, UbusClient } from "./client";

interface Connection {
  endpoint: Endpoint;
  account: Account;
  client: UbusClient;
}

const connections = new Map<string, Connection>();

/** One client a router for the whole process. */
export function connect(operation: Operation, host: string): UbusClient {
  const endpoint = operation.configuration.endpoints[host]?.openwrt;
  const account = operation.configuration.credentials[host]?.openwrt;
  if (endpoint === undefined) throw missing(host, "endpoints");
  if (account === undefined) throw missing(host, "credentials");
  const known = connections.get(host);
  const isSame =
    known &&
    isDeepStrictEqual(known.endpoint, endpoint) &&
    isDeepStrictEqual(known.account, account);
  if (isSame) return known.client;
  void known?.client.close();
  const client = new UbusClient(host, endpoint, account);
  connections.set(host, { endpoint, account, client });
  return client;
}

function missing(host: string, key: "endpoints" | "credentials"): UserError {
  const hint =
    key === "endpoints"
      ? `"pulumi config set --path hybrid-site:endpoints.${host}.openwrt.url https://ADDRESS" and a CA or a fingerprint`
      : `"pulumi config set --path hybrid-site:credentials.${host}.openwrt.username NAME" and, with --secret, the password`;
  return new UserError(
    `Unable to reach router "${host}": hybrid-site:${key} has no "${host}.openwrt". Set it with ${hint}.`,
  );
}
